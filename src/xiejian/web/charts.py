"""A chart and the table that says the same, from one set of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Colours of series that stay apart for colour-blind readers and in grey print.
SERIES = ["#1f5f99", "#d9822b", "#3f8f6b", "#8b5fa8", "#7a7f87"]
#: Levels 4 (highest risk) to 1, darkest first: order can be read without hue.
LEVELS = {4: "#7f1d1d", 3: "#c2621b", 2: "#2c6ea6", 1: "#8fb3cf"}


@dataclass(frozen=True)
class Chart:
    """``rows`` are (label, numbers per series); ``kind`` is bar, stacked, line or across (bars to the right).

    The option is data only (no functions): app.js hands it to echarts, the page shows ``rows`` as a table.
    """

    key: str
    title: str
    kind: str
    series: list[str]
    rows: list[tuple[str, list[float | int | None]]]
    unit: str = ""
    colours: list[str] | None = None
    label_heading: str = ""

    @property
    def empty(self) -> bool:
        return not any(value for _, values in self.rows for value in values)

    @property
    def script_id(self) -> str:
        return f"chart-{self.key}"

    @property
    def headings(self) -> list[str]:
        return [self.label_heading, *self.series]

    @property
    def option(self) -> dict[str, Any]:
        """The echarts option. Tooltips are drawn on the canvas: the page's policy allows no inline style."""
        labels = {"type": "category", "data": [label for label, _ in self.rows]}
        values = {"type": "value", "minInterval": 1, "name": self.unit}
        across = self.kind == "across"
        if across:
            labels["inverse"] = True
        return {
            "color": self.colours or SERIES,
            "animation": False,
            "aria": {"enabled": True},
            "tooltip": {"trigger": "axis", "renderMode": "richText", "confine": True},
            "legend": {"show": len(self.series) > 1, "top": 0, "left": 0, "itemWidth": 14, "itemHeight": 10},
            "grid": {"left": 8, "right": 16, "top": 44, "bottom": 4, "containLabel": True},
            "xAxis": values if across else labels,
            "yAxis": labels if across else values,
            "series": [
                {
                    "name": name,
                    "type": "line" if self.kind == "line" else "bar",
                    "stack": "all" if self.kind in ("stacked", "across") else None,
                    "barMaxWidth": 28,
                    "smooth": False,
                    "symbolSize": 7,
                    "data": [values_of[index] for _, values_of in self.rows],
                }
                for index, name in enumerate(self.series)
            ],
        }
