//! A stand-in for the national portal: it asks for a log-in, checks every field, refuses what is wrong,
//! keeps what it was told last of each dossier, and answers as badly as told.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

pub const USERNAME: &str = "h37";
pub const PASSWORD: &str = "a password of the portal";
pub const DESTINATION: &str = "VN:GOV:000.00.00.G22:vpcpdvcqg";
pub const AGENCY: &str = "000.00.00.H37";

/// How the portal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    Good,
    /// Does the work, then: drops the connection, answers 500, answers too late, or does none; or forgets
    /// the session.
    Bad,
    Maintenance,
    /// Refuses all messages as wrong.
    Refusing,
    /// Refuses several steps at once as wrong.
    RefusingBatches,
}

#[derive(Default)]
struct Seen {
    manners: Option<Manners>,
    sessions: HashSet<String>,
    log_ins: usize,
    messages: u64,
    questions: u64,
    /// The last message on each dossier.
    dossiers: BTreeMap<String, Value>,
    /// How each dossier was sent: as a new one or an update, whatever came of it.
    sent: HashMap<String, Vec<String>>,
    /// Dossiers that were asked for.
    asked: Vec<String>,
    /// Steps in the order of arrival; one that is repeated is the same.
    steps: HashMap<String, Vec<Value>>,
    /// How many steps came in each call.
    batches: Vec<usize>,
    under_way: HashSet<String>,
    most_under_way: usize,
    /// Whether the last request on a dossier was answered badly.
    spoiled: HashSet<String>,
    repeats: u32,
    complaints: Vec<String>,
    catalogue: Option<(Value, HashMap<String, Value>)>,
}

#[derive(Clone)]
pub struct Portal {
    pub url: String,
    pub log_in_url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Portal {
    pub fn open(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let portal = Self {
            url: format!("http://{address}/dvcqg"),
            log_in_url: format!("http://{address}/dangnhap"),
            seen: Arc::new(Mutex::new(Seen::default())),
        };
        portal.behave(manners);
        let serving = portal.clone();
        // It serves until the process ends.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let portal = serving.clone();
                std::thread::spawn(move || portal.answer(&stream.unwrap()));
            }
        });
        portal
    }

    pub fn behave(&self, manners: Manners) {
        self.seen.lock().unwrap().manners = Some(manners);
    }

    /// Nobody who has logged in is logged in any more.
    pub fn expire_sessions(&self) {
        self.seen.lock().unwrap().sessions.clear();
    }

    pub fn log_ins(&self) -> usize {
        self.seen.lock().unwrap().log_ins
    }

    /// A dossier that the portal has from elsewhere.
    pub fn has_dossier(&self, number: &str) {
        let mut seen = self.seen.lock().unwrap();
        seen.dossiers.insert(number.to_owned(), json!({}));
    }

    pub fn dossier(&self, number: &str) -> Option<Value> {
        self.seen.lock().unwrap().dossiers.get(number).cloned()
    }

    /// How a dossier was sent, each time: `False` as a new one, `True` as an update.
    pub fn sent(&self, number: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.sent.get(number).cloned().unwrap_or_default()
    }

    pub fn asked(&self) -> Vec<String> {
        self.seen.lock().unwrap().asked.clone()
    }

    pub fn known(&self) -> usize {
        self.seen.lock().unwrap().dossiers.len()
    }

    pub fn steps(&self, number: &str) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.steps.get(number).cloned().unwrap_or_default()
    }

    /// How many steps came in each call.
    pub fn batches(&self) -> Vec<usize> {
        self.seen.lock().unwrap().batches.clone()
    }

    /// How many dossiers were under way at once, and how often something was told again.
    pub fn most_under_way(&self) -> usize {
        self.seen.lock().unwrap().most_under_way
    }

    pub fn repeats(&self) -> u32 {
        self.seen.lock().unwrap().repeats
    }

    /// What it answers when it is asked for its catalogue: the list, and procedures by code.
    pub fn has(&self, list: Value, procedures: HashMap<String, Value>) {
        self.seen.lock().unwrap().catalogue = Some((list, procedures));
    }

    #[track_caller]
    pub fn expect_no_complaints(&self) {
        let complaints = self.seen.lock().unwrap().complaints.clone();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    fn answer(&self, stream: &TcpStream) {
        let Some((headers, body)) = read(stream) else {
            return;
        };
        let manners = self.seen.lock().unwrap().manners.unwrap();
        let wrong = wrong_heads(&headers);
        if !wrong.is_empty() {
            self.complain(wrong);
            return reply(stream, 400, "{}");
        }
        if manners == Manners::Maintenance {
            return reply(stream, 503, "<html>");
        }
        if headers[""].starts_with("POST /dangnhap ") {
            return self.log_in(stream, &body);
        }
        let session = body["session"].as_str().unwrap_or_default();
        if !self.seen.lock().unwrap().sessions.contains(session) {
            return reply(stream, 200, EXPIRED);
        }
        match body["service"].as_str() {
            Some("LayDanhSachTTHC" | "LayThuTuc") => self.tell_catalogue(stream, &body),
            Some("TraCuuHoSo") => self.look_up(stream, &body),
            _ => self.take(stream, &body, manners),
        }
    }

    fn complain(&self, mut complaints: Vec<String>) {
        self.seen.lock().unwrap().complaints.append(&mut complaints);
    }

    fn log_in(&self, stream: &TcpStream, body: &Value) {
        if *body != json!({"username": USERNAME, "password": PASSWORD}) {
            let refused =
                json!({"error_code": "1", "message": format!("sai: {}", body["password"])});
            return reply(stream, 200, &refused.to_string());
        }
        // Long enough for others to come meanwhile, who must not log in as well.
        std::thread::sleep(Duration::from_millis(50));
        let mut seen = self.seen.lock().unwrap();
        seen.log_ins += 1;
        let session = format!("session-{}", seen.log_ins);
        seen.sessions.insert(session.clone());
        drop(seen);
        let answer = json!({"error_code": "0", "session": session});
        reply(stream, 200, &answer.to_string());
    }

    /// The first question comes to nothing.
    fn tell_catalogue(&self, stream: &TcpStream, body: &Value) {
        let mut seen = self.seen.lock().unwrap();
        seen.questions += 1;
        if body["madonvi"] != AGENCY {
            seen.complaints.push(format!("madonvi: {body}"));
        }
        if seen.questions == 1 {
            return reply(stream, 503, "{}");
        }
        let (list, procedures) = seen.catalogue.clone().unwrap();
        drop(seen);
        let code = body["maTTHC"].as_str().unwrap_or_default();
        let known = json!({"error_code": "0", "result": [{"MATTHC": code}]});
        let answer = match body["service"].as_str() {
            Some("LayDanhSachTTHC") => list,
            _ => procedures.get(code).cloned().unwrap_or(known),
        };
        reply(stream, 200, &answer.to_string());
    }

    fn look_up(&self, stream: &TcpStream, body: &Value) {
        let mut seen = self.seen.lock().unwrap();
        let number = body["mahoso"].as_str().unwrap_or_default().to_owned();
        let mut complaints = Vec::new();
        check_envelope(body, &["mahoso"], &mut complaints);
        if !case_number(&number) {
            complaints.push(format!("mahoso: {body}"));
        }
        let found: Vec<Value> = seen.dossiers.get(&number).cloned().into_iter().collect();
        seen.asked.push(number);
        drop(seen);
        self.complain(complaints);
        let answer = json!({"error_code": "00", "result": found});
        reply(stream, 200, &answer.to_string());
    }

    /// Takes a message.
    fn take(&self, stream: &TcpStream, body: &Value, manners: Manners) {
        let number = body["data"][0]["MaHoSo"].as_str().unwrap_or("").to_owned();
        let (turn, manners, refusal) = {
            let mut seen = self.seen.lock().unwrap();
            seen.messages += 1;
            let mut wrong = complaints(body);
            let is_known = seen.dossiers.contains_key(&number);
            match (body["service"].as_str(), body["isUpdating"].as_str()) {
                (Some("DongBoHoSoMC"), Some("True")) if !is_known => {
                    wrong.push(format!("an update of {number}, which is not known"));
                }
                (Some("CapNhatTienDoHoSoMC"), _) if !is_known && manners != Manners::Refusing => {
                    wrong.push(format!("a step of {number}, which is not known"));
                }
                _ => {}
            }
            let mut refusal = (!wrong.is_empty()).then(|| ("6", wrong.join("; ")));
            seen.complaints.append(&mut wrong);
            if let Some(updating) = body["isUpdating"].as_str() {
                let sent = seen.sent.entry(number.clone()).or_default();
                sent.push(updating.to_owned());
                if updating == "False" && is_known {
                    // With a code that is none of the message's fault.
                    refusal = Some(("-3", format!("Hồ sơ {number} ĐÃ TỒN TẠI trên hệ thống")));
                }
            }
            let steps = body["data"].as_array().map_or(0, Vec::len);
            if manners == Manners::RefusingBatches && steps > 1 {
                refusal = Some(("8", "sai dữ liệu".to_owned()));
            }
            if !seen.under_way.insert(number.clone()) {
                let complaint = format!("two messages on {number} at once");
                seen.complaints.push(complaint);
            }
            seen.most_under_way = seen.most_under_way.max(seen.under_way.len());
            let mut manners = manners;
            // Bad manners, but never twice in a row to the same dossier.
            if manners == Manners::Bad && !seen.spoiled.insert(number.clone()) {
                seen.spoiled.remove(&number);
                manners = Manners::Good;
            }
            (seen.messages, manners, refusal)
        };
        // Long enough for others to come beside it.
        std::thread::sleep(Duration::from_millis(20 + turn % 7 * 20));
        let turn = match manners {
            Manners::Good | Manners::RefusingBatches => 10,
            Manners::Bad => turn % 7,
            Manners::Maintenance | Manners::Refusing => 12,
        };
        if ![0, 5, 12].contains(&turn) && refusal.is_none() {
            self.keep(&number, body);
        }
        let good = match refusal {
            None => json!({"error_code": "0", "message": "OK"}),
            Some((code, message)) => json!({"error_code": code, "message": message}),
        };
        let good = good.to_string();
        // From here on the next may come: whoever has dropped us does not know that we are not done.
        self.seen.lock().unwrap().under_way.remove(&number);
        match turn {
            0 | 1 => reply(stream, 500, "{}"),
            // Without a word.
            2 => {}
            3 => {
                std::thread::sleep(Duration::from_millis(1500));
                reply(stream, 200, &good);
            }
            // Half an answer.
            4 => write(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"error",
            ),
            5 => {
                let session = body["session"].as_str().unwrap();
                self.seen.lock().unwrap().sessions.remove(session);
                reply(stream, 200, EXPIRED);
            }
            12 => {
                let told = &body["data"][0]["DinhDanhCHS"][0]["SoDinhDanh"];
                let refused = json!({"error_code": "7", "message": format!("sai: {told}")});
                reply(stream, 200, &refused.to_string());
            }
            _ => {
                self.seen.lock().unwrap().spoiled.remove(&number);
                reply(stream, 200, &good);
            }
        }
    }

    fn keep(&self, number: &str, body: &Value) {
        let mut seen = self.seen.lock().unwrap();
        let data = body["data"].as_array().unwrap();
        if body["service"] == "DongBoHoSoMC" {
            seen.dossiers.insert(number.to_owned(), data[0].clone());
            return;
        }
        seen.batches.push(data.len());
        for step in data {
            let steps = seen.steps.entry(number.to_owned()).or_default();
            if steps.contains(step) {
                seen.repeats += 1;
            } else {
                steps.push(step.clone());
            }
        }
    }
}

const EXPIRED: &str = r#"{"error_code": "-1", "message": "Session đã hết hạn"}"#;

fn read(stream: &TcpStream) -> Option<(HashMap<String, String>, Value)> {
    let mut reader = BufReader::new(stream);
    let mut headers = HashMap::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    headers.insert(String::new(), line.trim().to_owned());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((headers, serde_json::from_slice(&body).unwrap_or_default()))
}

fn write(mut stream: &TcpStream, text: &str) {
    // Whoever asked may be gone.
    let _ = stream.write_all(text.as_bytes());
}

fn reply(stream: &TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n");
    write(
        stream,
        &format!("{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"),
    );
}

type Form = fn(&str) -> bool;

fn any(_: &str) -> bool {
    true
}

fn some(text: &str) -> bool {
    !text.trim().is_empty()
}

fn nothing(text: &str) -> bool {
    text.is_empty()
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Something, in so many characters.
fn within(text: &str, most: usize) -> bool {
    some(text) && text.chars().count() <= most
}

fn zero_or_one(text: &str) -> bool {
    ["0", "1"].contains(&text)
}

fn moment(text: &str) -> bool {
    text.len() == 14 && chrono::NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").is_ok()
}

fn moment_or_nothing(text: &str) -> bool {
    text.is_empty() || moment(text)
}

fn status(text: &str) -> bool {
    text.parse().is_ok_and(|code| (1..=10).contains(&code))
}

fn case_number(text: &str) -> bool {
    text.starts_with("H37.") && text.split('-').count() == 3
}

fn procedure(text: &str) -> bool {
    motcua::domain::procedure::ProcedureCode::read(text).is_ok_and(|code| code.base == text)
}

const DOSSIER: &[(&str, Form)] = &[
    ("MaHoSo", case_number),
    ("MaTTHC", procedure),
    ("TenTTHC", some),
    // The portal's own: a number of ours is none.
    ("MaLinhVuc", |text| text.is_empty() || text.starts_with('G')),
    ("TenLinhVuc", some),
    ("ChuHoSo", some),
    ("LoaiDoiTuong", |text| ["1", "2", "3", "4"].contains(&text)),
    // An account there, which none of our applicants has.
    ("MaDoiTuong", nothing),
    ("ThongTinKhac", any),
    ("Email", |text| text.is_empty() || text.contains('@')),
    ("Fax", any),
    ("SoDienThoai", |text| text.is_empty() || digits(text)),
    ("TrichYeuHoSo", |text| within(text, 1000)),
    ("NgayNopHoSo", moment),
    ("NoiNopHoSo", |text| text == "2"),
    ("KenhThucHien", |text| ["1", "2", "3"].contains(&text)),
    ("NgayTiepNhan", moment_or_nothing),
    ("NgayTuChoi", moment_or_nothing),
    ("NgayHenTra", moment_or_nothing),
    ("TrangThaiHoSo", status),
    ("NgayTra", moment_or_nothing),
    ("ThongTinTra", any),
    ("HinhThuc", zero_or_one),
    ("NgayKetThucXuLy", moment_or_nothing),
    ("DonViXuLy", some),
    ("GhiChu", any),
    ("HoSoCoThanhPhanSoHoa", zero_or_one),
    ("TaiKhoanDuocXacThucVoiVNeID", zero_or_one),
    ("DuocThanhToanTrucTuyen", |text| {
        ["0", "1", "2", "3"].contains(&text)
    }),
];

const LISTS: &[(&str, &[(&str, Form)])] = &[
    (
        "DinhDanhCHS",
        &[
            ("LoaiDinhDanh", |text| ["1", "2"].contains(&text)),
            ("SoDinhDanh", |text| {
                digits(text) && [9, 12].contains(&text.len())
            }),
        ],
    ),
    ("DSKetNoiCSDL", &[("MaCSDL", digits)]),
    (
        "DanhSachLePhi",
        &[
            ("TenPhiLePhi", some),
            ("MaPhiLePhi", digits),
            ("HinhThucThu", |text| ["0", "1", "2", "3"].contains(&text)),
            ("Gia", digits),
            ("LoaiPhiLePhi", |text| ["1", "2"].contains(&text)),
        ],
    ),
    (
        "TaiLieuNop",
        &[
            ("TepDinhKemId", nothing),
            ("TenTepDinhKem", |text| within(text, 4000)),
            ("IsDeleted", |text| text == "False"),
            ("MaThanhPhanHoSo", digits),
            ("DuongDanTaiTepTin", nothing),
            ("DuocSoHoa", zero_or_one),
            ("DuocTaiSuDung", |text| ["0", "1", "2"].contains(&text)),
            ("DuocLayTuKhoDMQG", zero_or_one),
        ],
    ),
    ("DanhSachTepDinhKemKhac", &[]),
    (
        "DanhSachHoSoBoSung",
        &[
            ("HoSoBoSungId", digits),
            ("NguoiYeuCauBoSung", some),
            ("NoiDungBoSung", some),
            ("NgayBoSung", moment),
            ("NguoiTiepNhanBoSung", any),
            ("ThongTinTiepNhan", any),
            ("NgayTiepNhanBoSung", moment_or_nothing),
            ("TrangThaiBoSung", zero_or_one),
            ("NgayHenTraTruoc", moment),
            ("NgayHenTraMoi", moment_or_nothing),
        ],
    ),
    (
        "DanhSachGiayToKetQua",
        &[
            ("TenGiayTo", |text| within(text, 2000)),
            ("MaThanhPhanHoSo", nothing),
            ("GiayToId", nothing),
            ("DuongDanTepTinKetQua", nothing),
            ("MaGiayToKetQua", nothing),
        ],
    ),
];

const STEP: &[(&str, Form)] = &[
    ("MaHoSo", case_number),
    ("NguoiXuLy", |text| within(text, 50)),
    ("ChucDanh", any),
    ("ThoiDiemXuLy", moment),
    ("PhongBanXuLy", some),
    ("NoiDungXuLy", some),
    ("TrangThai", status),
    ("NgayBatDau", moment),
    ("NgayKetThucTheoQuyDinh", moment_or_nothing),
];

/// Whatever is wrong with the way in which something was sent.
fn wrong_heads(headers: &HashMap<String, String>) -> Vec<String> {
    let header = |name: &str| headers.get(name).map_or("", String::as_str);
    let mut wrong = Vec::new();
    let paths = ["POST /dvcqg ", "POST /dangnhap "];
    if !paths.iter().any(|path| headers[""].starts_with(path)) {
        wrong.push(headers[""].clone());
    }
    if header("dstcode") != DESTINATION {
        wrong.push(format!("dstcode: {}", header("dstcode")));
    }
    if !header("content-type").starts_with("application/json") {
        wrong.push(format!("content type: {}", header("content-type")));
    }
    wrong
}

/// What every call has, and what only this one has.
fn check_envelope(body: &Value, own: &[&str], complaints: &mut Vec<String>) {
    if body["madonvi"] != AGENCY {
        complaints.push(format!("madonvi: {body}"));
    }
    for name in body.as_object().unwrap().keys() {
        let name = name.as_str();
        if !["session", "madonvi", "service"].contains(&name) && !own.contains(&name) {
            complaints.push(format!("unknown field {name}"));
        }
    }
}

/// Whatever is wrong with a message: a field that is missing, has another form, or is not known.
fn complaints(body: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    let data = body["data"].as_array().cloned().unwrap_or_default();
    match body["service"].as_str() {
        Some("DongBoHoSoMC") => {
            check_envelope(body, &["isUpdating", "data"], &mut complaints);
            if !["True", "False"]
                .map(Value::from)
                .contains(&body["isUpdating"])
            {
                complaints.push(format!("isUpdating: {}", body["isUpdating"]));
            }
            if data.len() != 1 {
                complaints.push(format!("{} dossiers", data.len()));
            }
            for dossier in &data {
                check_dossier(dossier, &mut complaints);
            }
        }
        Some("CapNhatTienDoHoSoMC") => {
            check_envelope(body, &["data"], &mut complaints);
            if !(1..=10).contains(&data.len()) {
                complaints.push(format!("{} steps", data.len()));
            }
            for step in &data {
                check(step, STEP, &[], &mut complaints);
                if step["MaHoSo"] != data[0]["MaHoSo"] {
                    complaints.push("steps of several dossiers".to_owned());
                }
            }
        }
        _ => complaints.push(format!("service: {body}")),
    }
    complaints
}

fn check_dossier(dossier: &Value, complaints: &mut Vec<String>) {
    let listed: Vec<&str> = LISTS.iter().map(|(name, _)| *name).collect();
    check(dossier, DOSSIER, &listed, complaints);
    for (name, fields) in LISTS {
        match dossier[*name].as_array() {
            None => complaints.push(format!("{name}: {}", dossier[*name])),
            Some(items) => items
                .iter()
                .for_each(|item| check(item, fields, &[], complaints)),
        }
    }
    // An identity number stands where it belongs, under its kind, and nowhere else.
    for identity in dossier["DinhDanhCHS"].as_array().into_iter().flatten() {
        let number = identity["SoDinhDanh"].as_str().unwrap_or_default();
        let kind = if number.len() == 12 { "1" } else { "2" };
        if identity["LoaiDinhDanh"] != kind {
            complaints.push("LoaiDinhDanh".to_owned());
        }
        let mut elsewhere = dossier.clone();
        elsewhere["DinhDanhCHS"] = Value::Null;
        if elsewhere.to_string().contains(number) {
            complaints.push("an identity number out of its place".to_owned());
        }
    }
}

fn check(item: &Value, fields: &[(&str, Form)], more: &[&str], complaints: &mut Vec<String>) {
    let Some(object) = item.as_object() else {
        complaints.push(format!("no object: {item}"));
        return;
    };
    for (name, form) in fields {
        let value = object.get(*name);
        if !value.and_then(Value::as_str).is_some_and(form) {
            complaints.push(format!("{name}: {value:?}"));
        }
    }
    for name in object.keys() {
        let known = fields.iter().any(|(field, _)| field == name);
        if !known && !more.contains(&name.as_str()) {
            complaints.push(format!("unknown field {name}"));
        }
    }
}
