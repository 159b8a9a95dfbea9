#!/usr/bin/env python3
"""Fills an empty database with a small office, through a program of motcua and its own interface.

    main-24489b6.py PROGRAM URL FOLDER      URL: sqlite://PATH or postgres://...; FOLDER: for letters

What it leaves is described in README.md. Only the standard library; psql for PostgreSQL.
"""
import hashlib, hmac, json, os, re, signal, socket, sqlite3, subprocess, sys, time
import urllib.error, urllib.request

PROGRAM, URL, FOLDER = sys.argv[1:4]
CONFIG = os.path.join(os.path.dirname(__file__), "..", "..", "config")
SECRET = "khoa-cua-cong-thanh-toan-0123456789"
PASSWORD = "mat khau cua van phong mau"

COMMON = {
    **os.environ,
    "DATABASE_URL": URL,
    "MOTCUA__ACCOUNTS__SESSION_HOURS": "720",
    "MOTCUA__PAYMENTS__GATEWAY_SECRET": SECRET,
    "MOTCUA__WEBHOOKS__ALLOW": "127.0.0.0/8",
    "MOTCUA__SERVER__HOUSEKEEPING_SECONDS": "3600",
    "MOTCUA__MAIL__TRANSPORT": "none",
}


def motcua(*arguments, stdin=None):
    subprocess.run([PROGRAM, *arguments], env=COMMON, check=True, input=stdin, text=True,
                   stdout=subprocess.DEVNULL)


def config(name):
    return os.path.join(CONFIG, name)


class Server:
    def __init__(self, **environment):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--listen", "127.0.0.1:0"],
            env={**COMMON, **environment}, stdout=subprocess.PIPE, text=True)
        self.base = re.search(r"http://\S+", self.process.stdout.readline()).group(0)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()


server = None


def call(method, path, body=None, token=None, status=(200, 201, 202), **headers):
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(server.base + path, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            code, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        code, text = error.code, error.read()
    if code not in (status if isinstance(status, tuple) else (status,)):
        sys.exit(f"{method} {path}: {code} {text.decode()}")
    return json.loads(text) if text else None


def rows(query):
    if URL.startswith("sqlite://"):
        with sqlite3.connect(URL[len("sqlite://"):]) as conn:
            return [[str(cell) for cell in row] for row in conn.execute(query)]
    out = subprocess.run(["psql", "-XAtq", "-F", "\t", "-c", query, URL], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def until(what, holds):
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    sys.exit("waited in vain: " + what)


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


PEOPLE = [
    ("Nguyễn Thị Ánh", "020185000123", "0912345678", "anh@example.vn"),
    ("Hoàng Văn Thụ", "020190001234", "0987654321", None),
    ("Lý Thị Mùi", "020079004321", None, "mui@example.vn"),
]


def person(i, **more):
    name, identity, phone, email = PEOPLE[i % len(PEOPLE)]
    return {"name": name, "identity_number": identity, "phone": phone, "email": email,
            "address": "Thành phố Lạng Sơn", **more}


received = 0
PROCEDURES = {p["code"]: p for p in json.load(open(config("procedures-lang-son.json")))}


def receive(unit, procedure, at=None, **more):
    global received
    received += 1
    papers = len(PROCEDURES[procedure]["checklist"])
    body = {"unit": unit, "procedure": procedure, "applicant": person(received),
            "items": [{"position": i, "originals": 1} for i in range(papers)], **more}
    if at:
        body["at"] = at + "+07:00"
    return call("POST", "/api/v1/dossiers", body, token=CLERK, Idempotency_Key=f"fixture-{received:04}")


def begin(dossier, at):
    return act(dossier, "hand-over", CLERK, at, step=1)


def act(dossier, action, token=None, at=None, **body):
    if at:
        body["at"] = at + "+07:00"
    path = f"/api/v1/dossiers/{dossier['case_number']}/{action}"
    return call("POST", path, body, token=token or OFFICER, If_Match="*")


# Reference data, accounts.
motcua("import", "calendar", config("holidays-vn-2018-2027.csv"))
motcua("import", "units", config("units-lang-son-2021.csv"))
motcua("import", "procedures", config("procedures-lang-son.json"))
motcua("user", "add", "--username", "boss", "--role", "administrator", "--unit", "H37",
       "--email", "boss@example.vn", "--password-stdin", stdin=PASSWORD + "\n")

letters = {"MOTCUA__MAIL__TRANSPORT": "folder", "MOTCUA__MAIL__FOLDER": os.path.join(FOLDER, "mail")}
dead = f"http://127.0.0.1:{closed_port()}"
server = Server(**letters, MOTCUA__PORTAL__URL=dead, MOTCUA__PORTAL__TOKEN="x",
                MOTCUA__PORTAL__AGENCY="000.00.00.H37", MOTCUA__OUTBOX__TRIES="1")


def log_in(username):
    body = {"username": username, "password": PASSWORD}
    return call("POST", "/api/v1/sessions", body)["token"]


BOSS = log_in("boss")
for role, unit in [("clerk", "H37"), ("officer", "H37"), ("supervisor", "H37"), ("clerk", "H37.20.01"),
                   ("officer", "H37.20.01"), ("supervisor", "H37.20")]:
    call("POST", "/api/v1/users", {
        "username": f"{unit.lower()}.{role}", "full_name": f"Nông Thị {role}", "role": role, "unit": unit,
        "email": f"{role}@example.vn", "password": PASSWORD}, token=BOSS)
CLERK, OFFICER, SUPERVISOR = (log_in(f"h37.{role}") for role in ("clerk", "officer", "supervisor"))
log_in("h37.20.01.clerk")
call("POST", "/api/v1/sessions", {"username": "boss", "password": "sai"}, status=401)

call("POST", "/api/v1/webhooks", {"unit": "H37", "url": dead + "/hook", "kinds": ["*"]}, token=BOSS,
     Idempotency_Key="fixture-hook")
gone = call("POST", "/api/v1/webhooks", {"unit": "H37.20", "url": dead + "/other", "kinds": ["finished"]}, token=BOSS)
call("PATCH", "/api/v1/webhooks/" + gone["webhook"]["id"], {"disabled": True}, token=BOSS, If_Match="*")

# Dossiers of June 2025, under the units of 2021.
COMMUNE, SAME_DAY, DAYS = "H37.20.01", "2.000815", "1.004873"

done = receive(COMMUNE, DAYS, "2025-06-02T08:00:00", delegate=person(1, notify_by="sms"), sets=2)
act(done, "fees/collect", CLERK, "2025-06-02T08:05:00", fees=[0], method="cash", receipt="BL-0001")
act(done, "hand-over", CLERK, "2025-06-02T08:30:00", step=1, assignee="h37.20.01.officer", note="")
act(done, "finish", at="2025-06-03T10:00:00", decision="approved")
shown = act(done, "return", CLERK, "2025-06-03T14:00:00", channel="direct")
code = call("GET", f"/api/v1/dossiers/{done['case_number']}", token=CLERK).get("look_up_code") or done.get("look_up_code")

late = receive(COMMUNE, DAYS, "2025-06-02T09:00:00")
act(late, "hand-over", CLERK, "2025-06-02T09:30:00", step=1)
act(late, "reappoint", SUPERVISOR, "2025-06-05T08:00:00", reason="Chờ xác minh", appointment_at="2025-06-20T16:00:00+07:00")
act(late, "finish", at="2025-06-19T10:00:00", decision="refused", reason="Không đủ điều kiện")

undone = receive(COMMUNE, DAYS, "2025-06-03T08:00:00")
act(undone, "hand-over", CLERK, "2025-06-03T08:10:00", step=1)
act(undone, "finish", at="2025-06-04T08:00:00", decision="approved")
act(undone, "undo", OFFICER, "2025-06-04T09:00:00", reason="Ghi nhầm hồ sơ")
act(undone, "finish", at="2025-06-05T09:00:00", decision="approved")

waiting = receive("H37.20.02", DAYS, "2025-06-09T08:00:00")
begin(waiting, "2025-06-09T08:05:00")
act(waiting, "request-supplement", OFFICER, "2025-06-10T08:00:00", reason="Thiếu bản sao", items=[0])

again = receive(COMMUNE, DAYS, "2025-06-09T08:30:00")
begin(again, "2025-06-09T08:35:00")
act(again, "request-supplement", OFFICER, "2025-06-10T08:00:00", reason="Thiếu bản sao", items=[1])
act(again, "take-supplement", CLERK, "2025-06-12T08:00:00", items=[{"position": 1, "originals": 1}])
act(again, "finish", at="2025-06-13T08:00:00", decision="approved")

paying = receive("H37.20.02", DAYS, "2025-06-09T09:00:00")
begin(paying, "2025-06-09T09:05:00")
act(paying, "request-payment", OFFICER, "2025-06-10T09:00:00", amount_vnd=1500000, reason="Thuế")
paid = receive(COMMUNE, DAYS, "2025-06-09T09:30:00")
begin(paid, "2025-06-09T09:35:00")
act(paid, "request-payment", OFFICER, "2025-06-10T09:00:00", amount_vnd=250000, reason="Thuế")
act(paid, "take-payment", CLERK, "2025-06-11T09:00:00", amount_vnd=250000, receipt="BL-0002")

withdrawn = receive("H37.21.01", SAME_DAY, "2025-06-10T08:00:00", channel="postal", return_channel="postal")
act(withdrawn, "withdraw", CLERK, "2025-06-10T09:00:00", reason="Công dân rút")
stopped = receive("H37.21.01", DAYS, "2025-06-10T08:20:00")
begin(stopped, "2025-06-10T08:25:00")
act(stopped, "stop", SUPERVISOR, "2025-06-11T08:00:00", reason="Không thuộc thẩm quyền")
waived = receive("H37.20", "2.000635", "2025-06-10T08:30:00")
act(waived, "fees/waive", CLERK, "2025-06-10T08:40:00", fee=0, reason="Hộ nghèo")
act(waived, "correct-applicant", CLERK, "2025-06-10T08:50:00", reason="Nhập sai họ tên", applicant=person(2, name="Lý Thị Mùi A"))
organisation = receive("H37.03", "2.001583", "2025-06-10T09:00:00", applicant={
    "name": "Công ty TNHH Xứ Lạng", "tax_code": "4900123456", "phone": "02053812345", "email": "xl@example.vn"})
moved = receive("H37.20.01", "2.001263", "2025-06-20T08:00:00")
stuck = receive("H37.21.01", DAYS, "2025-06-23T08:00:00")

# Two over the public interface: one confirmed and taken in, one that waits for the clerk, one unconfirmed.
def submit(i):
    papers = len(PROCEDURES[SAME_DAY]["checklist"])
    made = call("POST", "/api/v1/submissions", {
        "unit": "H37.20", "procedure": SAME_DAY, "applicant": person(i, email=None, phone=f"09123450{i:02}"),
        "items": [{"position": p, "originals": 1} for p in range(papers)]})
    [[body]] = rows(f"select body from outbox where recipient = '09123450{i:02}'")
    path = f"/api/v1/submissions/{made['id']}/confirm"
    return lambda: call("POST", path, {"code": json.loads(body)["code"]})


taken_in = submit(1)()["dossier"]
act(taken_in, "receive", CLERK)
declined = submit(2)()["dossier"]
act(declined, "not-receive", CLERK, reason="Không thuộc thẩm quyền")
registered = submit(3)()["dossier"]
submit(4)

# The reform of July 2025: old units end, what is open there moves when housekeeping comes by.
motcua("import", "units", config("units-lang-son-2025.csv"), "--valid-from", "2025-07-01",
       "--replaces", "district", "--replaces", "commune")
motcua("import", "successions", config("unit-successions-2025-07-01.csv"))

call("GET", f"/api/v1/dossiers/{done['case_number']}/identities", token=CLERK)
call("GET", f"/api/v1/dossiers/{late['case_number']}/identities", token=SUPERVISOR)

# What people say.
if not code:
    sys.exit("no look-up code")
call("POST", "/api/v1/satisfaction", {"case_number": done["case_number"], "code": code, "rating": 5, "comment": "Tận tình"})
told = call("POST", "/api/v1/feedback", {"unit": "H37.164", "content": "Bộ phận một cửa mở cửa muộn", "name": "Hoàng Văn Thụ",
            "phone": "0987654321"})
path = "/api/v1/feedback/" + told["id"]
call("POST", path + "/assign", {"assignee": "h37.officer"}, token=SUPERVISOR, If_Match="*")
call("POST", path + "/answer", {"answer": "Đơn vị đã nhắc nhở"}, token=OFFICER, If_Match="*")
call("POST", path + "/publish", {"content": "Mở cửa muộn", "answer": "Đã nhắc nhở"}, token=SUPERVISOR, If_Match="*")
call("POST", "/api/v1/feedback", {"unit": "H37.162", "content": "Chưa có ai trả lời"})

# Paid through the gateway.
fee = receive("H37.164", "1.004873")
body = json.dumps({"transaction": "FT0001", "case_number": fee["case_number"], "amount_vnd": 10000}).encode()
call("POST", "/api/v1/payments", body, X_Signature=hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest())

until("every message to be made", lambda: rows("select count(*) from unannounced_events") == [["0"]])
until("letters and webhooks", lambda: rows(
    "select count(*) from outbox where kind in ('email', 'webhook', 'portal') and settled_at is null and position is null") == [["0"]])
server.stop()

# Housekeeping: the sweep, the moves to successors, the roll-ups.
server = Server(MOTCUA__SERVER__HOUSEKEEPING_SECONDS="1")
until("the moves", lambda: rows(
    "select count(*) from dossiers d join units u on u.id = d.holder_id "
    "where d.open_due_at is not null and u.code = 'H37.20.01'") == [["0"]])
until("the roll-ups", lambda: rows("select count(*) from tally_deltas") == [["0"]])
server.stop()

# Of today: running, finished, and what nobody has folded or told of yet.
server = Server()
time.sleep(1)
receive("H37.164", "1.003554")
ready = receive("H37.164", SAME_DAY)
act(ready, "hand-over", CLERK, step=1)
act(ready, "finish", decision="approved")
for _ in range(20):
    receive("H37.162", SAME_DAY)
    server.stop(signal.SIGKILL)
    if rows("select count(*) from unannounced_events") != [["0"]]:
        break
    server = Server()
motcua("verify")
for table in ("dossiers", "dossier_events", "persons", "units", "procedures", "users", "sessions", "attempts", "webhooks",
              "outbox", "identity_readings", "submissions", "idempotency_keys", "gateway_payments", "satisfaction",
              "feedback", "tally_deltas", "rollups", "unannounced_events"):
    print(table, rows(f"select count(*) from {table}")[0][0])
for line in rows("select status, count(*) from dossiers group by status order by status"):
    print("status", *line)
for line in rows("select kind, outcome, count(*) from outbox group by kind, outcome order by kind"):
    print("outbox", *line)
for line in rows("select kind, count(*) from dossier_events group by kind order by kind"):
    print("event", *line)
