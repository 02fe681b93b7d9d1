"""Makes a video with Python's standard library and follows its events.

    python3 examples/python_client.py "a red ball bounces on a green meadow" ball.mp4
"""

import json
import os
import sys
import urllib.request
import uuid

SERVER = os.environ.get("ARC_SERVER", "http://127.0.0.1:8000")
HEADERS = {"Authorization": f"Bearer {os.environ.get('ARC_TOKEN', 'none')}"}


def ask(path, body=None, **headers):
    """Opens an address of the API; a body makes it a POST."""
    data = None if body is None else json.dumps(body).encode()
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if data is not None:
        headers["Content-Type"] = "application/json"
    return urllib.request.urlopen(urllib.request.Request(SERVER + path, data, headers))


def follow(take):
    """Prints the take's steps until it is finished; returns the last event's type."""
    with ask(f"/api/v1/sessions/{take['session_id']}/events", Last_Event_ID="0") as stream:
        for line in stream:
            if not line.startswith(b"data: "):
                continue
            event = json.loads(line[6:])
            if event["type"] == "step.completed":
                print(f"step {event['data']['step']} of {event['data']['total_steps']}")
            if event["type"] in ("take.completed", "take.failed", "take.cancelled"):
                return event["type"]
    raise SystemExit("The server ended the stream; connect again with the last event's id.")


def main():
    prompt = sys.argv[1] if len(sys.argv) > 1 else "a red ball bounces on a green meadow"
    file = sys.argv[2] if len(sys.argv) > 2 else "ball.mp4"
    request = {"prompt": prompt, "num_inference_steps": 8}
    take = json.load(ask("/api/v1/takes", request, Idempotency_Key=str(uuid.uuid4())))
    end = follow(take)
    if end != "take.completed":
        raise SystemExit(end)
    take = json.load(ask(f"/api/v1/takes/{take['id']}"))
    video = next(artifact for artifact in take["artifacts"] if artifact["kind"] == "video")
    with ask(f"/api/v1/artifacts/{video['id']}/content") as content, open(file, "wb") as target:
        target.write(content.read())
    print(f"{file}: {video['bytes']} bytes")


if __name__ == "__main__":
    main()
