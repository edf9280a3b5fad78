"""
Makes every UEBA call of the official Python SDK on a server that the environment names. It ends with 1, and says why, at the
first call whose status is not the one that the SDK expects, or whose answer is not what it shows.
"""

import os
import sys
from datetime import datetime, timedelta, timezone

import privx_api

with open(os.environ["PRIVX_CA_FILE"], encoding="utf8") as file:
    ca = file.read()
api = privx_api.PrivXAPI(
    os.environ["PRIVX_HOST"],
    int(os.environ["PRIVX_PORT"]),
    ca,
    os.environ["PRIVX_API_OAUTH_CLIENT_ID"],
    os.environ["PRIVX_API_OAUTH_CLIENT_SECRET"],
    use_cookies=True,
)
api.authenticate(os.environ["PRIVX_API_CLIENT_ID"], os.environ["PRIVX_API_CLIENT_SECRET"])

calls = 0


def ok(name, response, expected=lambda data: True):
    global calls
    calls += 1
    if not response.ok:
        sys.exit(f"{name}: status {response.status}, {response.data}")
    data = response.data
    if not expected(data):
        sys.exit(f"{name}: {data}")
    return data


now = datetime.now(timezone.utc)
time_range = {"start": (now - timedelta(days=30)).isoformat(), "end": now.isoformat()}

session = ok("create_id_for_ueba_script", api.create_id_for_ueba_script())["id"]
calls += 1
script = api.download_ueba_script(session)
if not script.ok or not script.content.startswith(b"#!"):
    sys.exit("download_ueba_script: this is no script")
configuration = ok("get_ueba_configurations", api.get_ueba_configurations(), lambda data: data["address"] != "")
ok(
    "set_ueba_configurations",
    api.set_ueba_configurations({key: configuration[key] for key in ("address", "trust_anchors")}),
)
settings = ok("get_ueba_anomaly_settings", api.get_ueba_anomaly_settings())
ok("set_ueba_anomaly_settings", api.set_ueba_anomaly_settings(settings))
ok("get_ueba_connection_count", api.get_ueba_connection_count(time_range), lambda data: data["count"] >= 5000)
dataset = ok("save_ueba_datasets", api.save_ueba_datasets({"time_range_settings": time_range}))["id"]
ok("get_ueba_datasets", api.get_ueba_datasets(), lambda data: data["items"][0]["id"] == dataset)
ok("update_ueba_dataset", api.update_ueba_dataset(dataset, {"time_range_settings": time_range, "comment": "c"}))
ok("train_ueba_dataset", api.train_ueba_dataset(dataset, False), lambda data: data["count"] >= 5000)
ok("get_ueba_dataset", api.get_ueba_dataset(dataset), lambda data: len(data["training_results"]) == 2)
ok("start_ueba_analysis", api.start_ueba_analysis(dataset))
ok("get_ueba_internal_status", api.get_ueba_internal_status(), lambda data: data["dataset_id"] == dataset)
ok("get_ueba_status", api.get_ueba_status(), lambda data: data["status"] == "RUNNING")
ok("stop_ueba_analysis", api.stop_ueba_analysis())
ok("delete_ueba_dataset", api.delete_ueba_dataset(dataset))
ok("logout", api.logout())
print(f"{calls} calls")
