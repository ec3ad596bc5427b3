"""The published fact tables of sampling: samples, and the lines that ask for them."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import PARTY_COLUMNS, PARTY_SQL, month_sql

_LINK = Column("link", "text", "环节", "public")
_TAGS = Column("tags", "text", "品种标签，形如 |无菌|植入|", "public")
# a pharmacy sells drugs and devices: what counts is the product that was taken
_PARTY_SQL = PARTY_SQL.replace("p.area AS area", "s.area AS area")
_OUTCOME = "CASE WHEN s.final_result = '' THEN s.result ELSE s.final_result END"

SAMPLES = FactTable(
    name="samples",
    meaning="监督抽检的样品，一个批次一行；产品门类为样品的门类",
    key="id",
    page="/samples/{key}/",
    columns=(
        Column("id", "integer", "样品记录", "internal"),
        Column("title", "text", "抽样单编号", "internal"),
        Column("office_code", "text", "抽样机构代码", "public"),
        _LINK, _TAGS,
        Column("campaign", "text", "专项：规则包标识或名称", "internal"),
        *PARTY_COLUMNS,
        Column("party_name", "text", "被抽样单位名称", "public"),
        Column("kind", "text", "抽检类型：国家抽检、省级抽检、执法抽检等", "public"),
        Column("planned", "boolean", "按抽检方案的任务抽取", "internal"),
        Column("product_name", "text", "产品名称", "public"),
        Column("maker", "text", "标示生产企业", "public"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("sampled_on", "date", "抽样日期", "internal"),
        Column("month", "text", "抽样月份", "internal"),
        Column("received_on", "date", "到样日期", "internal"),
        Column("result", "text", "检验结论：符合规定、不符合规定", "public"),
        Column("result_on", "date", "报告日期", "internal"),
        Column("notified_on", "date", "送达日期", "internal"),
        Column("objected_on", "date", "提出异议日期", "internal"),
        Column("retest_applied_on", "date", "申请复检日期", "internal"),
        Column("retest_result", "text", "复检结论", "internal"),
        Column("outcome", "text", "结论：有最终结论的为最终结论，否则为检验结论", "public"),
        Column("final_on", "date", "最终结论日期", "internal"),
        Column("disposed_on", "date", "处置完成日期", "internal"),
        Column("closed_on", "date", "办结日期", "internal"),
    ),
    source=(
        "SELECT s.id AS id, s.number AS title, s.office_code AS office_code, s.link AS link, s.tags AS tags, "
        f"s.campaign AS campaign, {_PARTY_SQL}, p.name AS party_name, s.kind AS kind, "
        "s.line_id IS NOT NULL AS planned, s.product_name AS product_name, s.maker AS maker, "
        f"s.state AS state, s.sampled_on AS sampled_on, {month_sql('s.sampled_on')} AS month, "
        "s.received_on AS received_on, s.result AS result, s.result_on AS result_on, "
        "s.notified_on AS notified_on, s.objected_on AS objected_on, "
        "s.retest_applied_on AS retest_applied_on, s.retest_result AS retest_result, "
        f"{_OUTCOME} AS outcome, s.final_on AS final_on, s.disposed_on AS disposed_on, "
        "s.closed_on AS closed_on FROM sampling_sample AS s JOIN registry_party AS p ON p.id = s.party_id "
        "LEFT JOIN registry_partylink AS l ON l.party_id = s.party_id AND l.link = s.link"
    ),
)  # fmt: skip

LINES = FactTable(
    name="sampling_lines",
    meaning="已下达或已结束的抽检方案中的任务，一项任务一行",
    key="id",
    page="/samples/plans/{key}/",
    page_key="plan_id",
    columns=(
        Column("id", "integer", "抽检任务记录", "internal"),
        Column("title", "text", "品种", "public"),
        Column("office_code", "text", "承担机构代码", "public"),
        Column("plan_id", "integer", "抽检方案记录", "internal"),
        _LINK, _TAGS,
        Column("area", "text", "产品门类", "public"),
        Column("kind", "text", "抽检类型", "public"),
        Column("year", "integer", "年度", "public"),
        Column("due_on", "date", "完成期限", "internal"),
        Column("lots", "integer", "计划批次", "internal"),
    ),
    source=(
        "SELECT n.id AS id, n.product AS title, n.office_code AS office_code, n.plan_id AS plan_id, "
        "n.link AS link, n.tags AS tags, n.area AS area, a.kind AS kind, a.year AS year, n.due_on AS due_on, "
        'n."count" AS lots FROM sampling_samplingline AS n '
        "JOIN sampling_samplingplan AS a ON a.id = n.plan_id WHERE a.state IN ('issued', 'closed')"
    ),
)  # fmt: skip

TABLES = (SAMPLES, LINES)
