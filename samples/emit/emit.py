# 把一篮子委托安全地交给 filebridge，并读回执。用法：python emit.py 目录 文件名
"""Hand a basket over safely and read the receipt: python emit.py HOME NAME"""

import csv
import json
import sys
import time
from pathlib import Path

home, name = Path(sys.argv[1]), sys.argv[2]
# Ids made of the name: to run it again under the same name never buys twice, what was taken is answered DUPLICATE.
orders = [
    (f"{name}-1", "600000.SH", "BUY", 1000, "10.51", "动量"),
    (f"{name}-2", "510300.SH", "BUY", 100000, "4.013", "动量"),
    (f"{name}-3", "000001.SZ", "SELL", 500, "11.6", "动量"),
]
before = set(home.glob(f"outbox/{name}.*.receipt.json"))

part = home / "inbox" / f"{name}.csv.part"  # a name that is never taken
with part.open("w", encoding="utf-8", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["#ROWS", len(orders)])  # makes any cut visible
    writer.writerow(["client_order_id", "symbol", "side", "quantity", "limit_price", "strategy"])
    writer.writerows(orders)
part.rename(home / "inbox" / f"{name}.csv")  # the whole file appears at once

deadline = time.monotonic() + 60
while not (new := set(home.glob(f"outbox/{name}.*.receipt.json")) - before):
    if time.monotonic() > deadline:
        print("no receipt after 60 s: is filebridge running?", file=sys.stderr)
        sys.exit(2)
    time.sleep(0.1)

rows = json.loads(new.pop().read_text(encoding="utf-8"))["rows"]
for row in rows:
    print(row["row"], row["client_order_id"], row["outcome"], row["reason_code"], row["message"])
sys.exit(any(row["outcome"] not in ("ACCEPTED", "CANCEL_ACCEPTED", "DUPLICATE") for row in rows))
