"""A chart and the table that says the same, from one set of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: Colours by name: app.css has a swatch of each for the legend. Series stay apart for colour-blind readers
#: and in grey print; levels run from dark (highest risk) to light, so that their order reads without hue.
COLOURS = {
    "blue": "#1f5f99", "pale": "#b9c9d8", "orange": "#d9822b", "green": "#3f8f6b", "purple": "#8b5fa8",
    "level-4": "#7f1d1d", "level-3": "#c2621b", "level-2": "#2c6ea6", "level-1": "#8fb3cf", "none": "#b9c1c9",
}  # fmt: skip
SERIES = ["blue", "pale", "orange", "green", "purple"]


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
    colours: list[str] = field(default_factory=lambda: SERIES)
    label_heading: str = ""

    @property
    def empty(self) -> bool:
        return not any(value for _, values in self.rows for value in values)

    @property
    def script_id(self) -> str:
        return f"chart-{self.key}"

    @property
    def legend(self) -> list[tuple[str, str]]:
        """(colour name, series) where there is more than one series."""
        return list(zip(self.colours, self.series, strict=False)) if len(self.series) > 1 else []

    @property
    def headings(self) -> list[str]:
        return [self.label_heading, *self.series]

    @property
    def option(self) -> dict[str, Any]:
        """The echarts option. Tooltips are drawn on the canvas: the page's policy allows no inline style."""
        labels = {"type": "category", "data": [label for label, _ in self.rows]}
        values = {"type": "value", "minInterval": 1}
        across = self.kind == "across"
        if across:
            labels["inverse"] = True
        return {
            "color": [COLOURS[name] for name in self.colours],
            "animation": False,
            "aria": {"enabled": True},
            "tooltip": {"trigger": "axis", "renderMode": "richText", "confine": True},
            "grid": {"left": 8, "right": 24, "top": 12, "bottom": 4, "containLabel": True},
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
