"""Gives every imported visit that ordered a correction an order of its own, as the import now does."""

from django.db import migrations


def give_orders(apps, schema_editor):
    Visit = apps.get_model("inspections", "Visit")
    Correction = apps.get_model("inspections", "Correction")
    rows = Visit.objects.filter(order_issued=True, corrections=None, visited_on__isnull=False)
    rows = rows.exclude(state__in=("planned", "cancelled"))
    new = []
    for visit in rows.iterator(chunk_size=1000):
        state = {"通过": "passed", "未通过": "failed"}.get(visit.recheck_result, "ordered")
        if state == "passed" and visit.recheck_on:
            state = "closed"
        new.append(
            Correction(
                visit_id=visit.pk,
                number=f"{visit.number}（随检查）",
                content=f"按检查记录责令改正，缺陷{visit.defects}项" if visit.defects else "按检查记录责令改正",
                ordered_on=visit.visited_on,
                due_on=visit.correct_by,
                rechecked_on=visit.recheck_on if visit.recheck_result else None,
                closed_on=visit.recheck_on if state == "closed" else None,
                state=state,
                office_code=visit.office_code,
                follows_visit=True,
            )
        )
    Correction.objects.bulk_create(new, batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("inspections", "0005_corrections")]
    operations = [migrations.RunPython(give_orders, migrations.RunPython.noop)]
