"""Every permission by name. roles.toml says which role holds which; policy.py bounds where."""

from __future__ import annotations

PERMISSIONS = {
    "registry.view": "查看监管对象",
    "registry.edit": "登记、更正监管对象",
    "registry.import": "导入名录",
    "registry.personal": "查看联系人与电话",
    "planning.view": "查看分级与计划",
    "planning.grade": "实施分级",
    "planning.plan": "编制、下达计划",
    "inspections.view": "查看检查",
    "inspections.visit": "实施检查、复查",
    "inspections.checklist": "补充本单位检查点",
    "sampling.view": "查看监督抽检",
    "sampling.sample": "抽样、送检、登记检验结果与处置",
    "sampling.plan": "编制、下达抽检方案",
    "cases.view": "查看案件与约谈",
    "cases.edit": "登记案件与约谈",
    "figures.view": "查看统计报表",
    "figures.file": "签发、上报报表",
    "documents.view": "查看文书",
    "documents.draft": "起草文书",
    "rules.view": "查看规则",
    "rules.acknowledge": "签收法规",
    "rules.readings": "查看法规阅读情况",
    "rules.check": "核实规则条目",
    "clocks.recompute": "按新放假安排重算时限",
    "people.view": "查看机构人员",
    "people.manage": "管理机构人员与权限",
    "audit.view": "查看审计记录",
}
