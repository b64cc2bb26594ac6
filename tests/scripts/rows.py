"""rows.py ROWS LOG: prints which rows the passed tests of a log cover, and which are missing; status 1 if any is."""
import re
import sys

PASSED = re.compile(r"^\s*(?:PASS\s+\[.*\]\s+.*\s(\S+)|test (\S+) (?:- should panic )?\.\.\. ok)\s*$")
ROW = re.compile(r"^(\w+) = \{(.*)\}$")
FIELD = re.compile(r'(\w+) = "([^"]*)"')


def passed_tests(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        found = filter(None, map(PASSED.match, log))
        return {(match[1] or match[2]).rpartition("::")[2] for match in found}


def rows(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if match := ROW.match(line.strip()):
                yield match[1], dict(FIELD.findall(match[2]))


def main(rows_path, log_path):
    tests = passed_tests(log_path)
    missing = covered = later = 0
    for row, fields in rows(rows_path):
        tested = fields.get("same", row).lower()
        wanted = ["%s_%s" % (tested, side) for side in fields.get("sides", "").split()] or [tested]
        counts = [sum(test.startswith(prefix + "_") for test in tests) for prefix in wanted]
        sides = ", ".join("%s %d" % (prefix.partition("_")[2] or "tests", n) for prefix, n in zip(wanted, counts))
        if all(counts):
            state, covered = "covered", covered + 1
        elif "later" in fields:
            state, sides, later = "later", fields["later"], later + 1
        else:
            state, missing = "MISSING", missing + 1
        print("%-5s %-8s %-22s %s" % (row, state, sides, fields["what"]))
    print("rows: %d covered, %d missing, %d later" % (covered, missing, later))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
