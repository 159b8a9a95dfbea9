//! The answers that the portal gives since 2026: `code`, `name`, `executionMethods`, `cases` …
//!
//! What they leave open is not filled in: a limit that is only a text, several limits for one way, a fee of "0" with a
//! text. It is noted, for a person to see to.

use crate::domain::dossier::Channel;
use crate::domain::person::fold_diacritics;
use crate::domain::procedure::{
    Case, ChannelLimits, ChecklistItem, Fee, FurtherPages, LimitDefinition, OnlineLevel,
    ProcedureCode,
};
use crate::domain::time_limit::{Amount, LimitUnit};
use crate::domain::unit::Level;
use crate::imports::portal::WrongPlace;
use crate::imports::portal::answers::{Listed, Place};

/// Below this an amount is a mistake, as 700 for 700.000.
const LEAST_VND: u64 = 1000;

pub(super) fn details(listed: &mut Listed, place: &Place<'_>, wrong: &mut Vec<WrongPlace>) {
    listed.is_of_2026 = true;
    let says = |name: &str| place.get(&[name]).is_some_and(|flag| *flag.value == true);
    let levels = [("isProvince", Level::Province), ("isWard", Level::Commune)];
    let levels: Vec<Level> = levels
        .into_iter()
        .filter(|(flag, _)| says(flag))
        .map(|(_, level)| level)
        .collect();
    listed.levels = Some(levels).filter(|levels| !levels.is_empty());
    listed.online_level = Some(match (says("isFullProcess"), says("isOfflineOnly")) {
        (true, _) => OnlineLevel::Full,
        (false, true) => OnlineLevel::Information,
        (false, false) => OnlineLevel::Partial,
    });
    listed.received_elsewhere = Some(says("isNonTerritorial"));
    cases(listed, place, wrong);
    ways(listed, place, wrong);
    let papers = place.get(&["executionCases"]);
    let papers = papers.map_or_else(Vec::new, |cases| cases.items());
    let mut checklist: Vec<(ChecklistItem, bool)> = Vec::new();
    for case in &papers {
        for (item, required) in components(case, wrong) {
            if !checklist.iter().any(|(known, _)| known.name == item.name) {
                checklist.push((item, required));
            }
        }
    }
    listed.checklist = Some(checklist);
    listed.result = Some(names(place, "resultsDetails", wrong).join("; "));
    listed.legal_basis = place.get(&["legalBasisesDetails"]).map(|laws| {
        let items = laws.items();
        let laws = items.iter().map(|law| {
            let parts = ["code", "name"].map(|name| law.text_of(&[name], wrong));
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        laws.filter(|law| !law.is_empty()).collect()
    });
}

fn names(place: &Place<'_>, list: &str, wrong: &mut Vec<WrongPlace>) -> Vec<String> {
    let items = place
        .get(&[list])
        .map_or_else(Vec::new, |list| list.items());
    let names = items
        .iter()
        .filter_map(|item| item.text_of(&["name"], wrong));
    names.collect()
}

/// Papers; lines without any copy that nobody has to hand in are remarks.
fn components(place: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Vec<(ChecklistItem, bool)> {
    let items = place.get(&["profileComponents"]);
    let items = items.map_or_else(Vec::new, |items| items.items());
    let papers = items.iter().filter_map(|paper| {
        let item = ChecklistItem {
            key: None,
            name: paper.text_of(&["name"], wrong)?,
            originals: paper.number_of(&["originalQty"], wrong)?,
            copies: paper.number_of(&["copyQty"], wrong)?,
            required: paper
                .get(&["required"])
                .is_some_and(|flag| *flag.value == true),
        };
        let is_remark = item.originals == 0 && item.copies == 0 && !item.required;
        (!is_remark).then_some((item, true))
    });
    papers.collect()
}

/// The limit that a number and a unit say; `None` for what is only a text.
fn limit(amount: &str, unit: &str) -> Option<LimitDefinition> {
    let unit = match unit {
        "WORKING_DAY" => LimitUnit::WorkingDay,
        "DAY" => LimitUnit::CalendarDay,
        "HOUR" => LimitUnit::Hour,
        "MONTH" => LimitUnit::Month,
        "YEAR" => LimitUnit::Year,
        _ => return None,
    };
    let limit = LimitDefinition {
        unit,
        amount: Some(Amount::parse(amount)?),
    };
    limit.limit().is_ok().then_some(limit)
}

fn cases(listed: &mut Listed, place: &Place<'_>, wrong: &mut Vec<WrongPlace>) {
    let items = place.get(&["cases"]);
    let mut found: Vec<Case> = Vec::new();
    for case in items.map_or_else(Vec::new, |items| items.items()) {
        let text = case.text_of(&["code"], wrong).unwrap_or_default();
        let code = match ProcedureCode::read(&text) {
            Ok(ProcedureCode {
                base,
                case: Some(code),
                ..
            }) if base == listed.code && !found.iter().any(|case| case.code == code) => code,
            _ => {
                listed.note(format!(
                    "bỏ trường hợp '{text}': mã không đúng hoặc lặp lại"
                ));
                continue;
            }
        };
        let name = case.text_of(&["name"], wrong);
        let day = case.get(&["processingDay"]);
        let said = day.as_ref().and_then(|day| {
            let amount = day.text_of(&["qty"], wrong)?;
            Some((amount, day.text_of(&["type"], wrong)?))
        });
        let limit = said.as_ref().and_then(|(amount, unit)| limit(amount, unit));
        if let (None, Some((amount, unit))) = (limit, &said) {
            listed.note(format!(
                "trường hợp {code}: không rõ thời hạn ({amount} {unit})"
            ));
        }
        let checklist = components(&case, wrong).into_iter().map(|(item, _)| item);
        let checklist: Vec<_> = checklist.collect();
        found.push(Case {
            name: name.unwrap_or_else(|| format!("Trường hợp {code}")),
            code,
            limit,
            fees: None,
            checklist: Some(checklist).filter(|checklist| !checklist.is_empty()),
        });
    }
    found.sort_by(|a, b| a.code.cmp(&b.code));
    listed.cases = Some(found);
}

/// Limits and fees of the ways in which it is handed in.
fn ways(listed: &mut Listed, place: &Place<'_>, wrong: &mut Vec<WrongPlace>) {
    let mut limits: Vec<(Channel, Option<LimitDefinition>)> = Vec::new();
    let mut fees: Vec<(Channel, Vec<Fee>)> = Vec::new();
    let ways = place.get(&["executionMethods"]);
    for way in ways.map_or_else(Vec::new, |ways| ways.items()) {
        let channel = match way.text_of(&["submissionMethod"], wrong).as_deref() {
            Some("DIRECT") => Channel::Direct,
            Some("ONLINE") => Channel::Online,
            Some("POSTAL") => Channel::Postal,
            _ => continue,
        };
        let time = way.text_of(&["processingTime"], wrong).unwrap_or_default();
        let unit = way.text_of(&["processingTimeUnit"], wrong);
        let limit = limit(&time, unit.as_deref().unwrap_or_default());
        if limit.is_none() {
            let short: String = time.chars().take(200).collect();
            listed.note(format!("không rõ thời hạn: '{short}'"));
        }
        if !limits.contains(&(channel, limit)) {
            limits.push((channel, limit));
        }
        let of_way = way_fees(listed, &way, wrong);
        match fees.iter_mut().find(|(known, _)| *known == channel) {
            Some((_, known)) => known.extend(of_way),
            None => fees.push((channel, of_way)),
        }
    }
    let several = |channel: Channel| limits.iter().filter(|(of, _)| *of == channel).count() > 1;
    let ambiguous: Vec<Channel> = Channel::ALL.into_iter().filter(|c| several(*c)).collect();
    if !ambiguous.is_empty() {
        listed.note("nhiều thời hạn cho cùng một hình thức nộp".to_owned());
    }
    let of = |channel: Channel| {
        let found = limits.iter().find(|(of, _)| *of == channel);
        found
            .and_then(|(_, limit)| *limit)
            .filter(|_| !ambiguous.contains(&channel))
    };
    let mut known = Channel::ALL.into_iter().filter_map(of);
    // That of the desk; where all cases agree on one, that is the procedure's.
    let of_cases = listed.cases.iter().flatten().map(|case| case.limit);
    let mut of_cases: Vec<_> = of_cases.collect();
    of_cases.dedup();
    let agreed = match of_cases[..] {
        [one] => one,
        _ => None,
    };
    let open = limits.iter().any(|(_, limit)| limit.is_none()) || !ambiguous.is_empty();
    listed.limit = of(Channel::Direct)
        .or_else(|| known.next().filter(|_| !open))
        .or(agreed);
    if limits.is_empty() && listed.limit.is_none() {
        listed.note("cổng không nói thời hạn".to_owned());
    }
    let other = |channel| of(channel).filter(|limit| Some(*limit) != listed.limit);
    listed.limits_by_channel = Some(ChannelLimits {
        direct: None,
        online: other(Channel::Online),
        postal: other(Channel::Postal),
    });
    listed.fees = Some(by_channel(fees));
}

/// Fees that are the same in every way stand once; the others each with its way.
fn by_channel(ways: Vec<(Channel, Vec<Fee>)>) -> Vec<Fee> {
    if let Some((_, first)) = ways.first()
        && ways.iter().all(|(_, fees)| fees == first)
    {
        return first.clone();
    }
    let fees = ways.into_iter().flat_map(|(channel, fees)| {
        fees.into_iter().map(move |fee| Fee {
            channel: Some(channel),
            ..fee
        })
    });
    fees.collect()
}

fn way_fees(listed: &mut Listed, way: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Vec<Fee> {
    let mut found: Vec<Fee> = Vec::new();
    let items = way
        .get(&["fees"])
        .map_or_else(Vec::new, |fees| fees.items());
    for item in items {
        let name = match item.text_of(&["type"], wrong).as_deref() {
            Some("SERVICE_FEE") => "Lệ phí",
            Some("PRICE_LEVEL") => "Mức giá",
            _ => "Phí",
        };
        let note = item.text_of(&["description"], wrong).unwrap_or_default();
        let currency = item.text_of(&["currencyId"], wrong).unwrap_or_default();
        let value = item.text_of(&["value"], wrong);
        let amount = value.as_deref().and_then(|value| value.parse::<u64>().ok());
        let nothing_said = note.is_empty() || is_none(&note);
        let amount_vnd = match (amount, currency.as_str()) {
            (Some(0), _) if nothing_said => continue,
            (None, _) if value.is_none() && is_none(&note) => continue,
            (Some(amount), "" | "VND") if amount >= LEAST_VND => Some(amount),
            _ => None,
        };
        let note = match (amount_vnd, &value) {
            (None, Some(value)) if value != "0" => {
                let said = format!("{value} {currency} {note}");
                said.split_whitespace().collect::<Vec<_>>().join(" ")
            }
            _ => note,
        };
        let further = amount_vnd.and_then(|_| FurtherPages::in_words(&note));
        // Several amounts under one name are a choice, never a sum.
        match found.iter_mut().find(|fee| fee.name == name) {
            Some(fee) if fee.amount_vnd == amount_vnd && fee.note == note => {}
            Some(fee) => {
                let both = [
                    &*fee,
                    &Fee {
                        amount_vnd,
                        note,
                        ..fee.clone()
                    },
                ]
                .map(said);
                fee.note = both.join("; ");
                fee.amount_vnd = None;
                (fee.per, fee.further) = (None, None);
            }
            None => found.push(Fee {
                name: name.to_owned(),
                amount_vnd,
                per: further.map(|_| "trang".to_owned()),
                further,
                note,
                channel: None,
                valid_from: None,
                valid_to: None,
                instead_of: None,
            }),
        }
    }
    for fee in found.iter().filter(|fee| fee.amount_vnd.is_none()) {
        listed.note(format!(
            "không rõ mức {}: '{}'",
            fee.name.to_lowercase(),
            fee.note
        ));
    }
    found
}

fn said(fee: &Fee) -> String {
    match fee.amount_vnd {
        Some(amount) => format!("{amount} đồng {}", fee.note).trim_end().to_owned(),
        None => fee.note.clone(),
    }
}

/// Whether a text says that there is no fee.
fn is_none(text: &str) -> bool {
    let folded = fold_diacritics(text);
    let folded = folded.trim_matches(|letter: char| !letter.is_alphanumeric());
    matches!(
        folded,
        "khong" | "khong co" | "khong thu" | "khong quy dinh" | "mien phi" | "khong thu phi"
    )
}
