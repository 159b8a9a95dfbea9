//! Two dossiers belong together: whoever may read both says so, or that they do not any more.

use crate::domain::dossier::{LinkKind, MOST_LINKS};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::Store;
use crate::store::authority::Proof;
use crate::store::links::{self, Link};
use crate::views::dossier::find_within;

/// Links them; whatever linked them before gives way. `None`: there is no such other one.
///
/// # Errors
/// One that is out of reach, the same one twice, too many, a caller who may not, or an error of the store.
pub fn link(
    store: &Store,
    id: DossierId,
    with: Option<DossierId>,
    kind: LinkKind,
    by: Proof,
    now: Moment,
) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        find_within(conn, reference, id, Some(caller.unit()))?;
        let with = with.ok_or_else(|| Error::wrong("/dossier", "không có hồ sơ này"))?;
        if id == with {
            return Err(Error::wrong("/dossier", "là chính hồ sơ này"));
        }
        find_within(conn, reference, with, Some(caller.unit()))?;
        for one in [id, with] {
            let known = links::of_dossier(conn, one, MOST_LINKS)?;
            let other = if one == id { with } else { id };
            let others = known.iter().filter(|link| link.with != other);
            if others.count() >= MOST_LINKS as usize {
                return Err(Error::wrong(
                    "/dossier",
                    "mỗi hồ sơ liên kết với tối đa 20 hồ sơ khác",
                ));
            }
        }
        let link = Link {
            with,
            kind,
            at: now,
            by: caller.user(),
        };
        Ok(links::put(conn, id, &link)?)
    })
}

/// They are not linked any more. Again changes nothing. `None`: there is no such other one.
///
/// # Errors
/// One that is out of reach, a caller who may not, or an error of the store.
pub fn unlink(
    store: &Store,
    id: DossierId,
    with: Option<DossierId>,
    by: Proof,
) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        find_within(conn, reference, id, Some(caller.unit()))?;
        let with = with.ok_or(Error::NO_DOSSIER)?;
        find_within(conn, reference, with, Some(caller.unit()))?;
        links::remove(conn, id, with)?;
        Ok(())
    })
}
