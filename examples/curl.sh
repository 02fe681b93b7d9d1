#!/bin/sh
# Makes a video with nothing but curl.
#   sh examples/curl.sh "a red ball bounces on a green meadow" ball.mp4
set -eu

prompt=${1:-a red ball bounces on a green meadow}
file=${2:-ball.mp4}
server=${ARC_SERVER:-http://127.0.0.1:8000}

# -f makes curl fail on an error status; --fail-with-body still shows what the server says.
ask() {
  curl --silent --show-error --fail-with-body -H "Authorization: Bearer ${ARC_TOKEN:-none}" "$@"
}
first() {
  grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}

# The Idempotency-Key makes it safe to send the request again when the answer is lost.
take=$(ask -X POST "$server/api/v1/takes" \
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: example-$$-$(date +%s)" \
  -d "{\"prompt\": \"$prompt\", \"num_inference_steps\": 8}" | first id)
echo "$take"

while :; do
  status=$(ask "$server/api/v1/takes/$take" | first status)
  echo "$status"
  case $status in
    completed) break ;;
    failed | cancelled) exit 1 ;;
  esac
  sleep 1
done

ask "$server/v1/videos/$take/content" -o "$file"
echo "$file"
