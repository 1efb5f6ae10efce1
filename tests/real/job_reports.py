"""junitparser and tap.py read the reports that mailgrant wrote.

usage: python job_reports.py CONFIG.json
CONFIG: { junit, tap }
The output says what they hold: { junit: { failures, errors, cases: [[class, name]], failed: [{ class, type, text }] },
tap: { passed, failed: [description], codes } }.
"""

import json
import sys

import junitparser
from tap.parser import Parser


def junit(path):
    """The suites, whose counts must be what their cases come to."""
    report = junitparser.JUnitXml.fromfile(path)
    assert isinstance(report, junitparser.JUnitXml), report
    said = (report.tests, report.failures, report.errors)
    cases, failed = [], []
    for suite in report:
        counted = (suite.tests, suite.failures, suite.errors, suite.skipped)
        suite.update_statistics()
        assert counted == (suite.tests, suite.failures, suite.errors, suite.skipped), (suite.name, counted)
        for case in suite:
            cases.append([case.classname, case.name])
            for result in case.result:
                if isinstance(result, (junitparser.Failure, junitparser.Error)):
                    assert result.message, case
                    failed.append({"class": case.classname, "type": result.type, "text": result.text})
    report.update_statistics()
    assert said == (report.tests, report.failures, report.errors), said
    return {"failures": report.failures, "errors": report.errors, "cases": cases, "failed": failed}


def tap(path):
    """The lines, whose number the plan must have said."""
    passed, failed, codes, planned = 0, [], [], None
    for line in Parser().parse_file(path):
        assert line.category != "unknown", line
        if line.category == "plan":
            planned = line.expected_tests
        elif line.category == "test" and line.ok:
            passed += 1
        elif line.category == "test":
            failed.append(line.description)
            codes.append(line.yaml_block["code"])
    assert planned == passed + len(failed), (planned, passed, failed)
    return {"passed": passed, "failed": failed, "codes": codes}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    print(json.dumps({"junit": junit(config["junit"]), "tap": tap(config["tap"])}))


if __name__ == "__main__":
    main()
