//! The two messages that the portal takes, with its own names of fields (`docs/operations.md` has where
//! they are known from). All values are texts; what there is nothing to say about is empty, never absent,
//! and what is not known here is the documented "no", never made up. They hold personal data: no `Debug`.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::dossier::{
    Channel, Dossier, Event, EventData, HandedIn, HeldItem, Papers, PaymentMethod, ReplayError,
    Settlement, Status, UndoneWithin,
};
use crate::domain::identity::Identity;
use crate::domain::ids::{Actor, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::{Person, fold_diacritics};
use crate::domain::procedure::Procedure;
use crate::outgoing::portal::PortalSettings;
use crate::render;
use crate::store::reference::Reference;
use crate::store::users::User;

/// Members of staff whom a message names.
pub(crate) type Staff = HashMap<UserId, User>;

/// DongBoHoSoMC: a dossier as it stands.
#[derive(Serialize)]
pub(crate) struct DossierMessage {
    #[serde(rename = "MaHoSo")]
    case_number: String,
    #[serde(rename = "MaTTHC")]
    procedure_code: String,
    #[serde(rename = "TenTTHC")]
    procedure_name: String,
    #[serde(rename = "MaLinhVuc")]
    field_code: String,
    #[serde(rename = "TenLinhVuc")]
    field_name: String,
    #[serde(rename = "ChuHoSo")]
    applicant: String,
    #[serde(rename = "LoaiDoiTuong")]
    applicant_kind: &'static str,
    /// The applicant's account on the portal, which nobody here knows: never an identity number.
    #[serde(rename = "MaDoiTuong")]
    account: &'static str,
    #[serde(rename = "DinhDanhCHS")]
    identities: Vec<IdentityLine>,
    #[serde(rename = "ThongTinKhac")]
    other: String,
    #[serde(rename = "Email")]
    email: String,
    #[serde(rename = "Fax")]
    fax: String,
    #[serde(rename = "SoDienThoai")]
    phone: String,
    #[serde(rename = "TrichYeuHoSo")]
    summary: String,
    #[serde(rename = "NgayNopHoSo")]
    handed_in_on: String,
    #[serde(rename = "NoiNopHoSo")]
    handed_in_at: String,
    #[serde(rename = "KenhThucHien")]
    channel: &'static str,
    #[serde(rename = "NgayTiepNhan")]
    received_at: String,
    #[serde(rename = "NgayTuChoi")]
    not_received_at: String,
    #[serde(rename = "NgayHenTra")]
    due_at: String,
    #[serde(rename = "TrangThaiHoSo")]
    status: String,
    #[serde(rename = "NgayTra")]
    returned_at: String,
    #[serde(rename = "ThongTinTra")]
    returned_how: String,
    #[serde(rename = "HinhThuc")]
    return_channel: &'static str,
    #[serde(rename = "NgayKetThucXuLy")]
    closed_at: String,
    #[serde(rename = "DonViXuLy")]
    unit: String,
    #[serde(rename = "GhiChu")]
    note: String,
    /// No files are kept here, and no account of an applicant is.
    #[serde(rename = "HoSoCoThanhPhanSoHoa")]
    has_digitised: &'static str,
    #[serde(rename = "TaiKhoanDuocXacThucVoiVNeID")]
    has_verified_account: &'static str,
    #[serde(rename = "DuocThanhToanTrucTuyen")]
    paid_online: &'static str,
    /// Databases from which something was taken.
    #[serde(rename = "DSKetNoiCSDL")]
    databases: [(); 0],
    #[serde(rename = "DanhSachLePhi")]
    fees: Vec<FeeLine>,
    #[serde(rename = "TaiLieuNop")]
    papers: Vec<PaperLine>,
    #[serde(rename = "DanhSachTepDinhKemKhac")]
    other_papers: [(); 0],
    #[serde(rename = "DanhSachHoSoBoSung")]
    supplements: Vec<SupplementLine>,
    #[serde(rename = "DanhSachGiayToKetQua")]
    results: Vec<ResultLine>,
}

#[derive(Serialize)]
struct IdentityLine {
    /// 1 twelve digits, 2 the older card's nine.
    #[serde(rename = "LoaiDinhDanh")]
    kind: &'static str,
    #[serde(rename = "SoDinhDanh")]
    number: String,
}

#[derive(Serialize)]
struct FeeLine {
    #[serde(rename = "TenPhiLePhi")]
    name: String,
    #[serde(rename = "MaPhiLePhi")]
    code: String,
    /// 0 not collected, 1 in cash, 2 by transfer, 3 online.
    #[serde(rename = "HinhThucThu")]
    method: &'static str,
    #[serde(rename = "Gia")]
    amount: String,
    /// 1 phí, 2 lệ phí.
    #[serde(rename = "LoaiPhiLePhi")]
    kind: &'static str,
}

#[derive(Serialize)]
struct PaperLine {
    #[serde(rename = "TepDinhKemId")]
    file: String,
    #[serde(rename = "TenTepDinhKem")]
    name: String,
    #[serde(rename = "IsDeleted")]
    deleted: String,
    #[serde(rename = "MaThanhPhanHoSo")]
    item: String,
    #[serde(rename = "DuongDanTaiTepTin")]
    address: String,
    #[serde(rename = "DuocSoHoa")]
    digitised: &'static str,
    #[serde(rename = "DuocTaiSuDung")]
    reused: &'static str,
    #[serde(rename = "DuocLayTuKhoDMQG")]
    from_store: &'static str,
}

#[derive(Clone, Serialize)]
struct SupplementLine {
    #[serde(rename = "HoSoBoSungId")]
    id: String,
    #[serde(rename = "NguoiYeuCauBoSung")]
    requested_by: String,
    #[serde(rename = "NoiDungBoSung")]
    content: String,
    #[serde(rename = "NgayBoSung")]
    requested_at: String,
    #[serde(rename = "NguoiTiepNhanBoSung")]
    taken_by: String,
    #[serde(rename = "ThongTinTiepNhan")]
    taken: String,
    #[serde(rename = "NgayTiepNhanBoSung")]
    taken_at: String,
    /// 0 awaited, 1 taken.
    #[serde(rename = "TrangThaiBoSung")]
    state: &'static str,
    #[serde(rename = "NgayHenTraTruoc")]
    due_before: String,
    #[serde(rename = "NgayHenTraMoi")]
    due_after: String,
}

#[derive(Serialize)]
struct ResultLine {
    #[serde(rename = "TenGiayTo")]
    name: String,
    #[serde(rename = "MaThanhPhanHoSo")]
    item: String,
    #[serde(rename = "GiayToId")]
    paper: String,
    #[serde(rename = "DuongDanTepTinKetQua")]
    address: String,
    /// The portal's own code of the result, which is not kept here.
    #[serde(rename = "MaGiayToKetQua")]
    code: String,
}

/// CapNhatTienDoHoSoMC: a step of the handling.
#[derive(Serialize)]
pub(crate) struct StepMessage {
    #[serde(rename = "MaHoSo")]
    case_number: String,
    #[serde(rename = "NguoiXuLy")]
    by: String,
    #[serde(rename = "ChucDanh")]
    title: &'static str,
    #[serde(rename = "ThoiDiemXuLy")]
    at: String,
    #[serde(rename = "PhongBanXuLy")]
    unit: String,
    #[serde(rename = "NoiDungXuLy")]
    content: String,
    #[serde(rename = "TrangThai")]
    status: String,
    #[serde(rename = "NgayBatDau")]
    began_at: String,
    #[serde(rename = "NgayKetThucTheoQuyDinh")]
    due_at: String,
}

/// Whether what happened is a step of the handling: another status, step, place or person.
pub(crate) fn is_step(before: Option<&Dossier>, after: &Dossier) -> bool {
    let place = |dossier: &Dossier| {
        (
            dossier.status,
            dossier.step,
            dossier.holder,
            dossier.assignee,
        )
    };
    before.is_none_or(|before| place(before) != place(after))
}

/// The members of staff whom the messages on these events name.
pub(crate) fn named(events: &[Event]) -> impl Iterator<Item = UserId> {
    events.iter().filter_map(|event| match event.actor {
        Actor::Staff(user) => Some(user),
        Actor::System | Actor::Citizen => None,
    })
}

impl DossierMessage {
    /// The message on a dossier with all of its events.
    ///
    /// # Errors
    /// If the events are not the history of one dossier.
    pub(crate) fn new(
        dossier: &Dossier,
        events: &[Event],
        procedure: &Procedure,
        applicant: &Person,
        reference: &Reference,
        staff: &Staff,
        settings: &PortalSettings,
    ) -> Result<Self, ReplayError> {
        let definition = &procedure.definition;
        let identity = applicant.identity.as_ref();
        let field_code = reference.portal_code(procedure.field_id);
        let version = |held: &HeldItem| reference.procedure_held_under(held);
        let papers = Papers::of(&dossier.contents.items, procedure, version);
        let has_result = matches!(dossier.status, Status::Done | Status::Returned);
        Ok(Self {
            case_number: dossier.case_number.to_string(),
            procedure_code: definition.code.clone(),
            procedure_name: definition.name.clone(),
            field_code: field_code.unwrap_or_default().to_owned(),
            field_name: reference.field_name(procedure.field_id).to_owned(),
            applicant: applicant.name.clone(),
            applicant_kind: applicant_kind(identity),
            account: "",
            identities: identities(identity),
            other: String::new(),
            email: applicant.email.clone().unwrap_or_default(),
            fax: String::new(),
            phone: applicant.phone.clone().unwrap_or_default(),
            summary: cut(&definition.name, MOST_SUMMARY),
            handed_in_on: stamp(events.first().map(|event| event.at)),
            handed_in_at: settings.handed_in_at.clone(),
            channel: channel(dossier.channel),
            received_at: stamp(dossier.received_at),
            not_received_at: stamp(not_received_at(dossier, events)),
            due_at: stamp(dossier.due()),
            status: dossier.status.code().to_string(),
            returned_at: stamp(dossier.returned_at),
            returned_how: returned(dossier, events).map_or_else(String::new, |channel| {
                render::words::channel(channel).to_owned()
            }),
            return_channel: return_channel(
                returned(dossier, events).unwrap_or(dossier.return_channel),
            ),
            closed_at: stamp(dossier.closed_at),
            unit: unit_name(reference, dossier.unit),
            note: note(dossier, events, &papers.others),
            has_digitised: "0",
            has_verified_account: "0",
            paid_online: paid_online(dossier, events, procedure),
            databases: [],
            fees: fees(dossier, procedure),
            papers: paper_lines(procedure, &papers.listed, settings),
            other_papers: [],
            supplements: supplements(dossier, events, procedure, reference, staff)?,
            results: match has_result {
                true => vec![ResultLine {
                    name: cut(&definition.result, MOST_PAPER),
                    item: String::new(),
                    paper: String::new(),
                    address: String::new(),
                    code: String::new(),
                }],
                false => Vec::new(),
            },
        })
    }
}

impl StepMessage {
    /// The messages on events, each with the event's number: on those that are `wanted` by number and by
    /// whether they are steps at all.
    ///
    /// # Errors
    /// If the events are not the history of one dossier.
    pub(crate) fn all(
        dossier: &Dossier,
        events: &[Event],
        reference: &Reference,
        staff: &Staff,
        wanted: impl Fn(u32, bool) -> bool,
    ) -> Result<Vec<(u32, Self)>, ReplayError> {
        let mut messages = Vec::new();
        let mut before: Option<Dossier> = None;
        // Since when it has been where it is.
        let mut began = None;
        for event in events {
            let after = next(dossier, before.as_ref(), event)?;
            let is_step = is_step(before.as_ref(), &after);
            if wanted(event.sequence, is_step) {
                let unit = before.as_ref().unwrap_or(&after).holder;
                let due = match &before {
                    Some(before) => before.step_due.or(before.due()),
                    None => after.due(),
                };
                let (by, title) = person(event.actor, unit, reference, staff);
                let message = Self {
                    case_number: after.case_number.to_string(),
                    by: cut(&by, MOST_NAME),
                    title,
                    at: stamp(Some(event.at)),
                    unit: unit_name(reference, unit),
                    content: content(&event.data, reference.procedure_of(&after)),
                    status: after.status.code().to_string(),
                    began_at: stamp(began.or(Some(event.at))),
                    due_at: stamp(due),
                };
                messages.push((event.sequence, message));
            }
            if is_step {
                began = Some(event.at);
            }
            before = Some(after);
        }
        Ok(messages)
    }
}

fn next(
    dossier: &Dossier,
    before: Option<&Dossier>,
    event: &Event,
) -> Result<Dossier, ReplayError> {
    match before {
        None => Dossier::begin(dossier.id, event),
        Some(before) => {
            let mut after = before.clone();
            after.apply(event)?;
            Ok(after)
        }
    }
}

/// `20210915083000`, civil time in Vietnam.
fn stamp(moment: Option<Moment>) -> String {
    moment.map_or_else(String::new, |moment| {
        moment.civil().format("%Y%m%d%H%M%S").to_string()
    })
}

/// The longest texts that the portal takes, in characters: `TrichYeuHoSo`, `NguoiXuLy`, `TenGiayTo`,
/// `TenTepDinhKem`.
const MOST_SUMMARY: usize = 1000;
const MOST_NAME: usize = 50;
const MOST_PAPER: usize = 2000;
const MOST_FILE: usize = 4000;

/// A text of at most so many characters; that something is cut off is seen.
fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let begin = text.chars().take(most.saturating_sub(1));
    begin.chain(std::iter::once('…')).collect()
}

/// `KenhThucHien`: how it came in.
const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Direct => "1",
        Channel::Online => "2",
        Channel::Postal => "3",
    }
}

/// `HinhThuc`: how the result goes out, by post or not.
const fn return_channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Postal => "1",
        Channel::Direct | Channel::Online => "0",
    }
}

/// `LoaiDoiTuong`: 1 citizen, 2 enterprise. That an organisation is a state body (3) or another (4) is not
/// known here: whoever has a tax code of ten digits counts as an enterprise.
const fn applicant_kind(identity: Option<&Identity>) -> &'static str {
    match identity {
        Some(Identity::TaxCode(_)) => "2",
        Some(Identity::Cccd(_) | Identity::Cmnd(_) | Identity::Passport(_)) | None => "1",
    }
}

/// There is no kind for a tax code, nor one that our sources name for a passport.
fn identities(identity: Option<&Identity>) -> Vec<IdentityLine> {
    let kind = match identity {
        Some(Identity::Cccd(_)) => "1",
        Some(Identity::Cmnd(_)) => "2",
        Some(Identity::Passport(_) | Identity::TaxCode(_)) | None => return Vec::new(),
    };
    let lines = identity.into_iter().map(|identity| IdentityLine {
        kind,
        number: identity.number().to_owned(),
    });
    lines.collect()
}

fn not_received_at(dossier: &Dossier, events: &[Event]) -> Option<Moment> {
    if dossier.status != Status::NotReceived {
        return None;
    }
    let refused = events
        .iter()
        .rfind(|event| matches!(event.data, EventData::NotReceived(_)));
    refused.map(|event| event.at)
}

/// `DuocThanhToanTrucTuyen`: 0 nothing to pay, 2 through the office's own gateway, 3 not online. What is
/// paid on the portal itself (1) is not known here.
fn paid_online(dossier: &Dossier, events: &[Event], procedure: &Procedure) -> &'static str {
    let methods = events.iter().filter_map(|event| match &event.data {
        EventData::FeesCollected(collected) => Some(collected.method),
        EventData::PaymentTaken(taken) => Some(taken.method.unwrap_or(PaymentMethod::Cash)),
        _ => None,
    });
    let methods: Vec<_> = methods.collect();
    let is_owed = dossier.contents.payment_requested.is_some()
        || !dossier.outstanding_fees(procedure).is_empty();
    match methods.contains(&PaymentMethod::Online) {
        true => "2",
        false if is_owed || !methods.is_empty() => "3",
        false => "0",
    }
}

fn unit_name(reference: &Reference, id: UnitId) -> String {
    let unit = reference.units().get(id);
    unit.map_or_else(String::new, |unit| unit.name.clone())
}

/// Name and title of who did something; the unit where nothing is known of them any more.
fn person(
    actor: Actor,
    unit: UnitId,
    reference: &Reference,
    staff: &Staff,
) -> (String, &'static str) {
    match actor {
        Actor::System => ("Hệ thống".to_owned(), ""),
        Actor::Citizen => ("Người nộp hồ sơ".to_owned(), ""),
        Actor::Staff(user) => match staff.get(&user) {
            Some(user) => (user.full_name.clone(), render::words::role(user.role)),
            None => (unit_name(reference, unit), ""),
        },
    }
}

fn reason(data: &EventData) -> &str {
    match data {
        EventData::NotReceived(event) => &event.reason,
        EventData::HandedOver(event) => &event.note,
        EventData::FeesRefunded(event) => &event.reason,
        EventData::SupplementRequested(event) => &event.reason,
        EventData::PaymentRequested(event) => &event.reason,
        EventData::Finished(event) => &event.reason,
        EventData::Withdrawn(event) => &event.reason,
        EventData::Stopped(event) => &event.reason,
        EventData::Undone(event) => &event.reason,
        EventData::PapersCorrected(event) => &event.reason,
        EventData::CaseCorrected(event) => &event.reason,
        EventData::ReceiptCorrected(event) => &event.reason,
        EventData::MoneySentBack(event) => &event.reason,
        EventData::DelegateCorrected(event) => &event.reason,
        EventData::VerificationNeeded(event) => &event.reason,
        _ => "",
    }
}

fn content(data: &EventData, procedure: Option<&std::sync::Arc<Procedure>>) -> String {
    let step = match (data, procedure) {
        (EventData::HandedOver(to), Some(procedure)) => procedure.step_name(usize::from(to.step)),
        _ => "",
    };
    joined([render::words::event(data), step, reason(data)], ": ")
}

fn joined<'a>(parts: impl IntoIterator<Item = &'a str>, separator: &str) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(separator)
}

/// How the result was handed over, once it was.
fn returned(dossier: &Dossier, events: &[Event]) -> Option<Channel> {
    dossier.returned_at?;
    events.iter().rev().find_map(|event| match &event.data {
        EventData::ResultReturned(returned) => Some(returned.channel),
        _ => None,
    })
}

/// The new appointment, why it was closed or not taken in, and papers that only an older version of
/// the procedure asked for: they have no number in this one's list.
fn note(dossier: &Dossier, events: &[Event], others: &[(String, HandedIn)]) -> String {
    let appointment = dossier.appointment.map_or_else(String::new, |moment| {
        format!("Hẹn lại trả kết quả: {}", render::words::moment(moment))
    });
    let ended = dossier.status.is_closed() || dossier.status == Status::NotReceived;
    let ending = events.iter().rev().find(|event| {
        matches!(
            event.data,
            EventData::NotReceived(_)
                | EventData::Finished(_)
                | EventData::Withdrawn(_)
                | EventData::Stopped(_)
        )
    });
    let why = ending
        .filter(|_| ended)
        .map_or("", |event| reason(&event.data));
    let held = others.iter().filter(|(_, held)| held.is_any());
    let names = joined(held.map(|(name, _)| name.as_str()), "; ");
    let others = match names.as_str() {
        "" => names,
        names => format!("Giấy tờ khác đã nộp: {names}"),
    };
    joined([appointment.as_str(), why, &others], ". ")
}

fn fees(dossier: &Dossier, procedure: &Procedure) -> Vec<FeeLine> {
    let of_dossier = dossier.fees(procedure);
    let fees = (0_u16..).zip(&procedure.definition.fees);
    // Of one whose amount is not known there is nothing to tell: 0 would say that it is free.
    let fees = fees.filter_map(|(position, fee)| {
        let amount_vnd = of_dossier
            .sum(position)
            .filter(|_| of_dossier.stands(position))?;
        let (method, amount) = match of_dossier.settled(position).map(|settled| &settled.how) {
            None => ("0", amount_vnd),
            Some(Settlement::Waived { .. }) => ("0", 0),
            Some(Settlement::Collected { method, .. }) => {
                let method = match method {
                    PaymentMethod::Cash => "1",
                    PaymentMethod::Transfer => "2",
                    PaymentMethod::Online => "3",
                };
                (method, amount_vnd)
            }
        };
        Some(FeeLine {
            name: fee.name.clone(),
            code: (position + 1).to_string(),
            method,
            amount: amount.to_string(),
            kind: match fold_diacritics(&fee.name).starts_with("le phi") {
                true => "2",
                false => "1",
            },
        })
    });
    fees.collect()
}

fn paper_lines(
    procedure: &Procedure,
    handed_in: &[HandedIn],
    settings: &PortalSettings,
) -> Vec<PaperLine> {
    let checklist = procedure.definition.checklist.iter().zip(handed_in);
    let held = (1_u32..)
        .zip(checklist)
        .filter(|(_, (_, held))| held.is_any());
    let lines = held.map(|(number, (item, _))| PaperLine {
        file: String::new(),
        name: cut(&item.name, MOST_FILE),
        deleted: settings.spell(false).to_owned(),
        item: number.to_string(),
        address: String::new(),
        digitised: "0",
        reused: "0",
        from_store: "0",
    });
    lines.collect()
}

fn names(procedure: &Procedure, positions: impl Iterator<Item = u16>) -> String {
    let checklist = &procedure.definition.checklist;
    let items = positions.filter_map(|position| checklist.get(usize::from(position)));
    joined(items.map(|item| item.name.as_str()), "; ")
}

fn supplements(
    dossier: &Dossier,
    events: &[Event],
    procedure: &Procedure,
    reference: &Reference,
    staff: &Staff,
) -> Result<Vec<SupplementLine>, ReplayError> {
    let mut lines: Vec<SupplementLine> = Vec::new();
    // As it was before papers came.
    let mut asked = None;
    let mut before: Option<Dossier> = None;
    for event in events {
        let after = next(dossier, before.as_ref(), event)?;
        let by = || person(event.actor, after.holder, reference, staff).0;
        match &event.data {
            EventData::SupplementRequested(requested) => {
                let missing = names(procedure, requested.items.iter().copied());
                lines.push(SupplementLine {
                    id: event.sequence.to_string(),
                    requested_by: by(),
                    content: joined([requested.reason.as_str(), &missing], ": "),
                    requested_at: stamp(Some(event.at)),
                    taken_by: String::new(),
                    taken: String::new(),
                    taken_at: String::new(),
                    state: "0",
                    due_before: stamp(after.due()),
                    due_after: String::new(),
                });
            }
            EventData::SupplementTaken(taken) => {
                if let Some(line) = lines.last_mut() {
                    asked = Some(line.clone());
                    line.taken_by = by();
                    line.taken = names(procedure, taken.items.iter().map(|item| item.0));
                    line.taken_at = stamp(Some(event.at));
                    line.state = "1";
                    line.due_after = stamp(Some(taken.due));
                }
            }
            EventData::Undone(undone) if undone.what == Some(UndoneWithin::SupplementTaken) => {
                if let (Some(line), Some(asked)) = (lines.last_mut(), asked.take()) {
                    *line = asked;
                }
            }
            _ => {}
        }
        before = Some(after);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_a_character() {
        assert_eq!(cut("Đơn đề nghị", 11), "Đơn đề nghị");
        assert_eq!(cut("Đơn đề nghị", 10), "Đơn đề ng…");
        assert_eq!(cut("", 10), "");
        let long = cut(&"ế".repeat(1200), MOST_SUMMARY);
        assert_eq!(long.chars().count(), MOST_SUMMARY);
    }

    #[test]
    fn an_identity_goes_by_its_kind_and_a_tax_code_nowhere() {
        let of = |identity: &Identity| {
            let lines = identities(Some(identity)).into_iter();
            let lines: Vec<_> = lines.map(|line| (line.kind, line.number)).collect();
            (applicant_kind(Some(identity)), lines)
        };
        let number = |text: &str| text.to_owned();
        let cccd = Identity::person("020185000123").unwrap();
        assert_eq!(of(&cccd), ("1", vec![("1", number("020185000123"))]));
        let cmnd = Identity::person("082123456").unwrap();
        assert_eq!(of(&cmnd), ("1", vec![("2", number("082123456"))]));
        let tax_code = Identity::organisation("4900123456").unwrap();
        assert_eq!(of(&tax_code), ("2", Vec::new()));
        assert_eq!(applicant_kind(None), "1");
    }
}
