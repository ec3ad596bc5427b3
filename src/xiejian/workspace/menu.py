"""The menu of a firm's pages: a line shows when its page exists and the role may open it."""

from __future__ import annotations

from xiejian.web.navigation import Entry

MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "待办",
        (
            Entry("待办", "firm_home", "home", "firm.view"),
        ),
    ),
    (
        "本单位",
        (
            Entry("人员账号", "firm_accounts", "users", "firm.manage"),
            Entry("接口密钥", "firm_keys", "key", "firm.manage"),
        ),
    ),
)  # fmt: skip
