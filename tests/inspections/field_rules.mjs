// Reads cases as JSON from standard input, answers each as the page without a network does.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const rules = await import(pathToFileURL(process.argv[2]));
const { cases, workflows } = JSON.parse(readFileSync(0, "utf-8"));

function answer({ checklist, rule, facts, kind, matter, on, entries, late, failing }) {
  const counted = rules.tally(checklist, kind, entries, matter);
  const row = rules.judge(rule, counted, on);
  const after = rules.recheck(rule, row.id, { late, failing });
  return {
    asked: checklist ? rules.asked(checklist, facts).map((point) => point.id) : [],
    problems: rules.checkEntries(entries, checklist).map((problem) => [problem.code, problem.where]),
    open_keys: rules.openKeyPoints(checklist, facts, entries.map((entry) => entry.point)),
    tally: [counted.key_failed, counted.general_failed, counted.failed, counted.severe, counted.applicable_general],
    row: [row.id, row.conclusion, Boolean(row.unverified)],
    due: rules.suggestedDue(row, on),
    recheck: after && [after.id, after.result],
  };
}

const steps = workflows.map((table) =>
  Object.keys(table.states).map((state) =>
    table.transitions.map((line) => rules.step(table, state, line.action)),
  ),
);
process.stdout.write(JSON.stringify({ answers: cases.map(answer), steps }));
