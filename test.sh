#!/usr/bin/env bash
# Runs every test. Installs what the tests talk to where it is missing; arguments go to the test runner (./test.sh -class "*Chunker*").
set -euo pipefail
cd "$(dirname "$0")"

declare -A packages=(
  [chromium]=chromium [redis-server]=redis-server [tesseract]="tesseract-ocr tesseract-ocr-spa" [pdftotext]=poppler-utils
  [node]=nodejs [npm]=npm [pg_ctlcluster]=postgresql)
missing=()
for command in "${!packages[@]}"; do
  command -v "$command" >/dev/null || missing+=(${packages[$command]})
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "The tests need ${missing[*]} from Debian's packages; installing."
  as_root=(); [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# PostgreSQL with pgvector, which Debian's has not.
pglite=tests/Ingestion.Tests/Support/pglite
[ -d $pglite/node_modules ] || (cd $pglite && npm ci --no-audit --no-fund --loglevel=error)

dotnet build Ingestion.slnx -c Release -v quiet --nologo

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
tests/Ingestion.Tests/bin/Release/net10.0/Ingestion.Tests -noColor -noLogo "$@" 2>&1 | tee "$log" || status=$?

total=$(sed -nE 's/.*Total: ([0-9]+), Errors: ([0-9]+), Failed: ([0-9]+), Skipped: ([0-9]+).*/\1 \2 \3 \4/p' "$log" | tail -n 1)
if [ -z "$total" ]; then
  echo "The test run ended without a result (exit $status)."
  echo "0 passed, 1 failed"
  exit 1
fi
read -r all errors failed skipped <<<"$total"
failed=$((failed + errors))
passed=$((all - failed - skipped))
line="$passed passed, $failed failed"
[ "$skipped" = 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" = 0 ] && [ "$status" = 0 ] && [ "$passed" -gt 0 ]
