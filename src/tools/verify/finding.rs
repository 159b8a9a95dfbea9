//! What can be wrong, in words that name the place.

use std::fmt;

use crate::domain::ids::{FieldId, ProcedureId, UnitId};
use crate::domain::period::Grain;
use crate::domain::reversal::Reversal;
use crate::domain::tally::{Tally, TallyKey};
use crate::render;
use crate::store::reference::Reference;
use crate::store::tallies::{Dimension, RollupKey};

/// One thing that is not as this program wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An event is not the one whose hash was stored, or not the one that followed the last.
    BrokenChain {
        case_number: String,
        sequence: u32,
    },
    UnreadableEvent {
        case_number: String,
        reason: String,
    },
    /// Events are missing or out of place.
    NoReplay {
        case_number: String,
        reason: String,
    },
    /// The stored state is not what replaying gives.
    StateDiffers {
        case_number: String,
        columns: Vec<&'static str>,
    },
    EventsWithoutDossier {
        dossier: String,
    },
    NoPerson {
        case_number: String,
        person: String,
    },
    /// A search would not come by this applicant or delegate.
    PersonNotFound {
        case_number: String,
        person: String,
    },
    /// Roll-ups and deltas are not what recounting the events gives.
    RollupDiffers {
        place: String,
        counters: Vec<(&'static str, i64, i64)>,
    },
    /// What was recorded on a later day than its own is not what recounting the events gives.
    LateDiffers {
        place: String,
    },
    /// What takes back or takes along earlier counts is not what the events give.
    ReversalsDiffer {
        place: String,
        stored: i64,
        counted: i64,
    },
    /// Something that names what there is not.
    Unreadable {
        what: String,
    },
    CounterDiffers {
        place: String,
        last: u32,
        highest: u32,
    },
    /// On record, but the log does not know of it.
    NotInLog {
        what: String,
    },
    /// In the log, but not on record any more.
    GoneFromDatabase {
        what: String,
        index: u64,
    },
    /// Not what it was when it came into the log.
    DiffersFromLog {
        what: String,
        index: u64,
    },
    /// It came into the log once more, as something else.
    TwiceInLog {
        what: String,
        index: u64,
    },
    /// The log contradicts itself.
    LogDamaged {
        reason: String,
    },
    /// The log was longer when a checkpoint was given out.
    LogCutOff {
        size: u64,
        checkpoint: u64,
    },
    /// The entries are not those of which a checkpoint was given out; they were still at `from`.
    LogRewritten {
        from: u64,
        to: u64,
        first: String,
    },
    /// A checkpoint among those given out that nobody has signed.
    CheckpointForged {
        size: u64,
    },
    /// The checkpoint to compare with is none of this log.
    CheckpointNotOurs,
    /// An account is not as the acts of administration have left it.
    AccountDiffers {
        username: String,
        there: bool,
        recorded: bool,
        fields: Vec<String>,
    },
}

impl Finding {
    /// Whether it is about counts, which can be made again from the events.
    pub(crate) const fn is_of_counts(&self) -> bool {
        matches!(
            self,
            Self::RollupDiffers { .. } | Self::LateDiffers { .. } | Self::ReversalsDiffer { .. }
        )
    }

    pub(crate) fn rollup(
        key: &RollupKey,
        stored: &Tally,
        counted: &Tally,
        reference: &Reference,
    ) -> Self {
        let counters = Tally::NAMES
            .into_iter()
            .zip(stored.to_array().into_iter().zip(counted.to_array()))
            .filter(|(_, (stored, counted))| stored != counted)
            .map(|(name, (stored, counted))| (name, stored, counted))
            .collect();
        Self::RollupDiffers {
            place: place(key, reference),
            counters,
        }
    }

    pub(crate) fn late(key: &TallyKey, reference: &Reference) -> Self {
        let unit = reference.units().get(key.unit);
        let unit = unit.map_or_else(|| key.unit.to_string(), |unit| unit.code.clone());
        let (day, recorded) = (
            render::words::date(key.day),
            render::words::date(key.recorded),
        );
        Self::LateDiffers {
            place: format!("đơn vị {unit}, ngày {day}, ghi ngày {recorded}"),
        }
    }
}

impl Finding {
    pub(crate) fn reversals(
        of: &Reversal,
        stored: i64,
        counted: i64,
        reference: &Reference,
    ) -> Self {
        let unit = reference.units().get(of.unit);
        let unit = unit.map_or_else(|| of.unit.to_string(), |unit| unit.code.clone());
        let (day, origin) = (render::words::date(of.day), render::words::date(of.origin));
        Self::ReversalsDiffer {
            place: format!("đơn vị {unit}, ngày {day} đối với ngày {origin}"),
            stored,
            counted,
        }
    }
}

fn place(key: &RollupKey, reference: &Reference) -> String {
    let RollupKey { key: k, subkey, .. } = *key;
    let unit = |id| {
        let unit = reference.units().get(UnitId(id));
        unit.map_or_else(|| id.to_string(), |unit| unit.code.clone())
    };
    let field = |id| reference.field_name(FieldId(id)).to_owned();
    let procedure = |id| {
        let procedure = reference.procedure(ProcedureId(id));
        procedure.map_or_else(|| id.to_string(), |p| p.definition.code.clone())
    };
    let dimension = Dimension::ALL
        .into_iter()
        .find(|dimension| *dimension as i16 == key.dimension);
    let what = match dimension {
        Some(Dimension::LevelChannel) => format!("cấp {k}, hình thức {subkey}"),
        Some(Dimension::Unit) => format!("đơn vị {}", unit(k)),
        Some(Dimension::FieldLevel) => format!("lĩnh vực {}, cấp {subkey}", field(k)),
        Some(Dimension::Procedure) => format!("thủ tục {}", procedure(k)),
        Some(Dimension::UnitProcedure) => {
            format!("đơn vị {}, thủ tục {}", unit(k), procedure(subkey))
        }
        Some(Dimension::UnitChannel) => format!("đơn vị {}, hình thức {subkey}", unit(k)),
        None => format!("chiều {}", key.dimension),
    };
    let grain = Grain::ALL
        .into_iter()
        .find(|grain| grain.code() == key.grain);
    let since = grain.and_then(|grain| grain.first_day(key.bucket));
    let width = match grain {
        Some(Grain::Day) => "ngày",
        Some(Grain::Month) => "tháng từ",
        None => "mốc",
    };
    match since {
        Some(day) => format!("{what}, {width} {}", render::words::date(day)),
        None => format!("{what}, {width} {}", key.bucket),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenChain {
                case_number,
                sequence,
            } => write!(f, "{case_number}: chuỗi băm đứt ở sự kiện {sequence}"),
            Self::UnreadableEvent {
                case_number,
                reason,
            } => write!(f, "{case_number}: không đọc được sự kiện: {reason}"),
            Self::NoReplay {
                case_number,
                reason,
            } => write!(f, "{case_number}: lịch sử không trọn vẹn: {reason}"),
            Self::StateDiffers {
                case_number,
                columns,
            } => write!(
                f,
                "{case_number}: trạng thái khác với lịch sử ở {}",
                columns.join(", ")
            ),
            Self::EventsWithoutDossier { dossier } => {
                write!(f, "có sự kiện của hồ sơ {dossier} nhưng không có hồ sơ đó")
            }
            Self::NoPerson {
                case_number,
                person,
            } => write!(f, "{case_number}: không có người {person}"),
            Self::PersonNotFound {
                case_number,
                person,
            } => write!(f, "{case_number}: tìm kiếm không ra người {person}"),
            Self::RollupDiffers { place, counters } => {
                let counters: Vec<_> = counters
                    .iter()
                    .map(|(name, stored, counted)| {
                        format!("{name} ghi {stored}, đếm lại {counted}")
                    })
                    .collect();
                write!(f, "số tổng hợp sai ({place}): {}", counters.join("; "))
            }
            Self::LateDiffers { place } => {
                write!(f, "số ghi muộn sai ({place})")
            }
            Self::ReversalsDiffer {
                place,
                stored,
                counted,
            } => write!(
                f,
                "số hủy kết thúc, chuyển đơn vị sai ({place}): lưu {stored}, đếm lại {counted}"
            ),
            Self::Unreadable { what } => write!(f, "không đọc được: {what}"),
            Self::NotInLog { what } => write!(f, "{what}: không có trong nhật ký"),
            Self::GoneFromDatabase { what, index } => {
                write!(
                    f,
                    "{what}: có trong nhật ký (mục {index}) nhưng không còn nữa"
                )
            }
            Self::DiffersFromLog { what, index } => {
                write!(f, "{what}: không còn như khi vào nhật ký (mục {index})")
            }
            Self::TwiceInLog { what, index } => {
                write!(f, "{what}: vào nhật ký lần nữa (mục {index})")
            }
            Self::LogDamaged { reason } => write!(f, "nhật ký hỏng: {reason}"),
            Self::LogCutOff { size, checkpoint } => write!(
                f,
                "nhật ký bị cắt: còn {size} mục, trong khi điểm chốt đã ký có {checkpoint} mục"
            ),
            Self::LogRewritten { from, to, first } => write!(
                f,
                "nhật ký bị viết lại: {to} mục đầu không phải những mục đã ký;                  chỗ sửa đầu tiên ở từ mục {from} ({first}) trở đi"
            ),
            Self::CheckpointForged { size } => {
                write!(
                    f,
                    "điểm chốt {size} mục không được ký bằng khóa của nhật ký"
                )
            }
            Self::CheckpointNotOurs => {
                write!(
                    f,
                    "điểm chốt đưa vào không được ký bằng khóa của nhật ký này"
                )
            }
            Self::AccountDiffers {
                username,
                there,
                recorded,
                fields,
            } => match (there, recorded) {
                (true, false) => write!(f, "tài khoản {username}: không ai ghi là đã tạo"),
                (false, _) => write!(f, "tài khoản {username}: không còn nữa"),
                (true, true) => {
                    let fields = fields.join(", ");
                    write!(
                        f,
                        "tài khoản {username}: khác với việc quản trị đã ghi ở {fields}"
                    )
                }
            },
            Self::CounterDiffers {
                place,
                last,
                highest,
            } => write!(
                f,
                "bộ đếm mã hồ sơ {place} đang ở {last} nhưng hồ sơ có đến số {highest}"
            ),
        }
    }
}
