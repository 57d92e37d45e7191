#!/bin/sh
# Tests the backends for GPUs on the first Vulkan device of this machine and times them; the result is Markdown on stdout.
# Written by `cargo xtask gpu-check`; needs no Rust, no compiler and no network.
#
#   run.sh [FILE.neuvol | OPTION OF gpu_check]...
#
# Files are played within budgets of 1 and 0.5 ms a frame. Logs of the tests stand beside this script, in tests.log.
# NEUVOL_STRESS_SECONDS is how long random requests go on (10). Exit code 0 = all tests passed.
here=$(cd "$(dirname "$0")" && pwd)
files=
options=
for argument in "$@"; do
    case $argument in
        *.neuvol) files="$files $argument" ;;
        *) options="$options $argument" ;;
    esac
done
NEUVOL_STRESS_SECONDS=${NEUVOL_STRESS_SECONDS:-10}
export NEUVOL_STRESS_SECONDS
status=0
: > "$here/tests.log"

date -u '+# GPU check, %Y-%m-%d'
for test in headless context; do
    printf '\n## Tests: %s\n\n' "$test"
    if "$here/$test" --nocapture --test-threads 1 > "$here/log" 2>&1; then
        result=passed
    else
        result=FAILED
        status=1
    fi
    cat "$here/log" >> "$here/tests.log"
    # What tests say about themselves.
    grep -E ' blocks?; | boxes, | requests \(|^on |panicked|^skipped' "$here/log"
    if grep -q 'without validation' "$here/log"; then
        echo 'The validation layers are not installed: only results were compared.'
    else
        echo 'With the validation layers.'
    fi
    grep -E '^test result' "$here/log"
    printf '\n%s\n' "$result"
done

printf '\n## Models\n\n'
# shellcheck disable=SC2086
"$here/gpu_check" $options || status=1

for file in $files; do
    for budget in 1000 500; do
        printf '\n## Playing %s\n\n' "$(basename "$file")"
        "$here/scrub" "$file" --frames 900 --budget-us $budget || status=1
    done
done
rm -f "$here/log"
exit $status
