"""The published fact tables of hospitals: devices and implants. No price, no patient, no token."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import month_sql

DEVICES = FactTable(
    name="devices",
    meaning="使用单位的设备，一台一行",
    key="id",
    page="/hospitals/devices/{key}/",
    columns=(
        Column("id", "integer", "设备记录", "internal"),
        Column("title", "text", "设备编号", "internal"),
        Column("office_code", "text", "监管机构代码", "public"),
        Column("party_id", "integer", "使用单位", "internal"),
        Column("party_name", "text", "使用单位名称", "internal"),
        Column("name", "text", "设备名称", "internal"),
        Column("registration_no", "text", "注册证或备案编号", "internal"),
        Column("device_class", "text", "管理类别：1、2、3，未填为空", "internal"),
        Column("focus", "text", "重点类别，如 |large|metering|，没有为 |", "internal"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("accepted_on", "date", "验收日期", "internal"),
        Column("life_ends_on", "date", "使用期限届满", "internal"),
        Column("metering_until", "date", "检定校准有效期至", "internal"),
        Column("upkeep_on", "date", "最近一项保养、检定的到期日", "internal"),
    ),
    source=(
        "SELECT d.id AS id, d.number AS title, d.office_code AS office_code, d.party_id AS party_id, "
        "p.name AS party_name, d.name AS name, d.registration_no AS registration_no, "
        "d.device_class AS device_class, d.focus AS focus, d.state AS state, d.accepted_on AS accepted_on, "
        "d.life_ends_on AS life_ends_on, d.metering_until AS metering_until, "
        "(SELECT MIN(u.next_on) FROM hospitals_upkeepplan AS u WHERE u.device_id = d.id AND u.is_active) "
        "AS upkeep_on FROM hospitals_medicaldevice AS d JOIN registry_party AS p ON p.id = d.party_id"
    ),
)

IMPLANTS = FactTable(
    name="implants",
    meaning="植入记录，一件一行；作废的不计，患者不在其中",
    key="id",
    page="/hospitals/implants/{key}/",
    columns=(
        Column("id", "integer", "植入记录", "internal"),
        Column("title", "text", "植入记录编号", "internal"),
        Column("office_code", "text", "监管机构代码", "public"),
        Column("party_id", "integer", "使用单位", "internal"),
        Column("party_name", "text", "使用单位名称", "internal"),
        Column("product", "text", "产品名称", "internal"),
        Column("registration_no", "text", "注册证编号", "internal"),
        Column("di", "text", "产品标识", "internal"),
        Column("lot", "text", "批号", "internal"),
        Column("expires_on", "date", "有效期至", "internal"),
        Column("implanted_on", "date", "手术日期", "internal"),
        Column("month", "text", "手术月份", "internal"),
        Column("in_patient_record", "boolean", "产品信息已记入病历", "internal"),
        Column("documents_kept", "boolean", "原始资料已留存", "internal"),
    ),
    source=(
        "SELECT i.id AS id, i.number AS title, i.office_code AS office_code, i.party_id AS party_id, "
        "p.name AS party_name, i.product_name AS product, i.registration_no AS registration_no, i.di AS di, "
        "i.lot AS lot, i.expires_on AS expires_on, i.implanted_on AS implanted_on, "
        f"{month_sql('i.implanted_on')} AS month, i.in_patient_record AS in_patient_record, "
        "i.documents_kept AS documents_kept FROM hospitals_implantrecord AS i "
        "JOIN registry_party AS p ON p.id = i.party_id WHERE NOT i.voided"
    ),
)

TABLES = (DEVICES, IMPLANTS)
