//! A stand-in for the national portal: it checks every field, keeps what it was told last of each
//! dossier, and answers as badly as told.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

pub const TOKEN: &str = "a-token-of-the-portal";
pub const AGENCY: &str = "000.00.00.H37";

/// How the portal answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    Good,
    /// Does the work, then: drops the connection, answers 500, answers too late, or does none.
    Bad,
    Maintenance,
    /// Refuses dossiers as wrong.
    Refusing,
}

#[derive(Default)]
struct Seen {
    manners: Option<Manners>,
    requests: u64,
    /// The last message on each dossier.
    dossiers: BTreeMap<String, Value>,
    /// Steps in the order of arrival; one that is repeated at once is the same.
    steps: HashMap<String, Vec<Value>>,
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
    seen: Arc<Mutex<Seen>>,
}

impl Portal {
    pub fn open(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/dvcqg", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let portal = Self { url, seen };
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

    pub fn dossier(&self, number: &str) -> Option<Value> {
        self.seen.lock().unwrap().dossiers.get(number).cloned()
    }

    pub fn known(&self) -> usize {
        self.seen.lock().unwrap().dossiers.len()
    }

    pub fn steps(&self, number: &str) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.steps.get(number).cloned().unwrap_or_default()
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

    /// The first question comes to nothing.
    fn tell_catalogue(&self, stream: &TcpStream, headers: &HashMap<String, String>, body: &Value) {
        let mut seen = self.seen.lock().unwrap();
        seen.requests += 1;
        if headers["authorization"] != format!("Bearer {TOKEN}") || body["madonvi"] != AGENCY {
            seen.complaints.push(format!("{headers:?} {body}"));
        }
        if seen.manners == Some(Manners::Maintenance) || seen.requests == 1 {
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

    #[track_caller]
    pub fn expect_no_complaints(&self) {
        let complaints = self.seen.lock().unwrap().complaints.clone();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    fn answer(&self, stream: &TcpStream) {
        let Some((headers, body)) = read(stream) else {
            return;
        };
        if body["service"]
            .as_str()
            .is_some_and(|service| service.starts_with("Lay"))
        {
            return self.tell_catalogue(stream, &headers, &body);
        }
        let number = body["data"][0]["MaHoSo"].as_str().unwrap_or("").to_owned();
        let (turn, manners) = {
            let mut seen = self.seen.lock().unwrap();
            seen.requests += 1;
            let mut complaints = complaints(&headers, &body);
            seen.complaints.append(&mut complaints);
            if !seen.under_way.insert(number.clone()) {
                let complaint = format!("two messages on {number} at once");
                seen.complaints.push(complaint);
            }
            seen.most_under_way = seen.most_under_way.max(seen.under_way.len());
            let mut manners = seen.manners.unwrap();
            // Bad manners, but never twice in a row to the same dossier.
            if manners == Manners::Bad && !seen.spoiled.insert(number.clone()) {
                seen.spoiled.remove(&number);
                manners = Manners::Good;
            }
            (seen.requests, manners)
        };
        // Long enough for others to come beside it.
        std::thread::sleep(Duration::from_millis(20 + turn % 7 * 20));
        let turn = match manners {
            Manners::Good => 10,
            Manners::Bad => turn % 6,
            Manners::Maintenance => 11,
            Manners::Refusing => 12,
        };
        if turn != 0 && turn < 11 {
            self.keep(&number, &body);
        }
        let good = r#"{"error_code": "0", "message": "OK"}"#;
        // From here on the next may come: whoever has dropped us does not know that we are not done.
        self.seen.lock().unwrap().under_way.remove(&number);
        match turn {
            0 | 1 => reply(stream, 500, "{}"),
            // Without a word.
            2 => {}
            3 => {
                std::thread::sleep(Duration::from_millis(1500));
                reply(stream, 200, good);
            }
            // Half an answer.
            4 => write(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"error",
            ),
            11 => reply(stream, 503, "<html>"),
            12 => {
                let told = body["data"][0]["MaDoiTuong"].as_str().unwrap_or("");
                let refused = json!({"error_code": "7", "message": format!("sai: {told}")});
                reply(stream, 200, &refused.to_string());
            }
            _ => {
                self.seen.lock().unwrap().spoiled.remove(&number);
                reply(stream, 200, good);
            }
        }
    }

    fn keep(&self, number: &str, body: &Value) {
        let mut seen = self.seen.lock().unwrap();
        let data = body["data"][0].clone();
        if body["service"] == "DongBoHoSoMC" {
            seen.dossiers.insert(number.to_owned(), data);
            return;
        }
        if !seen.dossiers.contains_key(number) {
            let complaint = format!("a step of {number}, which is not known");
            seen.complaints.push(complaint);
        }
        let steps = seen.steps.entry(number.to_owned()).or_default();
        if steps.last() == Some(&data) {
            seen.repeats += 1;
        } else {
            steps.push(data);
        }
    }
}

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
    motcua::domain::procedure::is_procedure_code(text)
}

const DOSSIER: &[(&str, Form)] = &[
    ("MaHoSo", case_number),
    ("MaTTHC", procedure),
    ("TenTTHC", some),
    ("MaLinhVuc", digits),
    ("TenLinhVuc", some),
    ("ChuHoSo", some),
    ("LoaiDoiTuong", |text| ["1", "2"].contains(&text)),
    ("MaDoiTuong", |text| text.is_empty() || text.len() >= 9),
    ("ThongTinKhac", any),
    ("Email", |text| text.is_empty() || text.contains('@')),
    ("Fax", any),
    ("SoDienThoai", |text| text.is_empty() || digits(text)),
    ("TrichYeuHoSo", some),
    ("NgayTiepNhan", moment_or_nothing),
    ("NgayHenTra", moment_or_nothing),
    ("TrangThaiHoSo", status),
    ("NgayTra", moment_or_nothing),
    ("ThongTinTra", any),
    ("HinhThuc", |text| ["0", "1", "2"].contains(&text)),
    ("NgayKetThucXuLy", moment_or_nothing),
    ("DonViXuLy", some),
    ("GhiChu", any),
];

const LISTS: &[(&str, &[(&str, Form)])] = &[
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
            ("TenTepDinhKem", some),
            ("IsDeleted", |text| text == "False"),
            ("MaThanhPhanHoSo", digits),
            ("DuongDanTaiTepTin", nothing),
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
            ("TrangThaiBoSung", |text| ["0", "1"].contains(&text)),
            ("NgayHenTraTruoc", moment),
            ("NgayHenTraMoi", moment_or_nothing),
        ],
    ),
    (
        "DanhSachGiayToKetQua",
        &[
            ("TenGiayTo", some),
            ("MaThanhPhanHoSo", nothing),
            ("GiayToId", nothing),
            ("DuongDanTepTinKetQua", nothing),
        ],
    ),
];

const STEP: &[(&str, Form)] = &[
    ("MaHoSo", case_number),
    ("NguoiXuLy", some),
    ("ChucDanh", any),
    ("ThoiDiemXuLy", moment),
    ("PhongBanXuLy", some),
    ("NoiDungXuLy", some),
    ("TrangThai", status),
    ("NgayBatDau", moment),
    ("NgayKetThucTheoQuyDinh", moment_or_nothing),
];

/// Whatever is wrong with a request: a field that is missing, has another form, or is not known.
fn complaints(headers: &HashMap<String, String>, body: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut expect = |ok: bool, what: String| {
        if !ok {
            complaints.push(what);
        }
    };
    expect(headers[""].starts_with("POST /dvcqg "), headers[""].clone());
    let header = |name: &str| headers.get(name).map_or("", String::as_str);
    expect(
        header("authorization") == format!("Bearer {TOKEN}"),
        "token".to_owned(),
    );
    expect(
        header("content-type").starts_with("application/json"),
        "content type".to_owned(),
    );
    expect(body["madonvi"] == AGENCY, format!("madonvi: {body}"));
    let updating = ["true", "false"].map(Value::from);
    expect(
        updating.contains(&body["isUpdating"]),
        format!("isUpdating: {body}"),
    );
    expect(
        body["data"].as_array().map(Vec::len) == Some(1),
        format!("data: {body}"),
    );
    let data = &body["data"][0];
    let (fields, lists) = match body["service"].as_str() {
        Some("DongBoHoSoMC") => (DOSSIER, LISTS),
        Some("CapNhatTienDoHoSoMC") => (STEP, &[][..]),
        _ => {
            complaints.push(format!("service: {body}"));
            return complaints;
        }
    };
    let listed: Vec<&str> = lists.iter().map(|(name, _)| *name).collect();
    check(data, fields, &listed, &mut complaints);
    for (name, fields) in lists {
        match data[name].as_array() {
            None => complaints.push(format!("{name}: {}", data[name])),
            Some(items) => items
                .iter()
                .for_each(|item| check(item, fields, &[], &mut complaints)),
        }
    }
    complaints
}

fn check(item: &Value, fields: &[(&str, Form)], more: &[&str], complaints: &mut Vec<String>) {
    let Some(object) = item.as_object() else {
        complaints.push(format!("no object: {item}"));
        return;
    };
    for (name, form) in fields {
        if !object[*name].as_str().is_some_and(form) {
            complaints.push(format!("{name}: {}", object[*name]));
        }
    }
    for name in object.keys() {
        let known = fields.iter().any(|(field, _)| field == name);
        if !known && !more.contains(&name.as_str()) {
            complaints.push(format!("unknown field {name}"));
        }
    }
}
