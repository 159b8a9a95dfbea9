//! Lists that people keep under a name, and how they want lists shown.

use crate::domain::ids::SavedListId;
use crate::domain::moment::Moment;
use crate::domain::role::Permission;
use crate::error::Error;
use crate::store::Store;
use crate::store::authority::{Denied, Proof};
use crate::store::idempotency::{Happened, Once, once};
use crate::store::saved_lists::{self, Asked, SavedList};

/// The most lists that somebody keeps.
pub const MOST: u32 = 50;

/// The most letters of a name.
const MOST_LETTERS: usize = 80;

pub(crate) const NO_LIST: Error = Error::NotFound("không có danh sách này");

/// Keeps a list; for the staff of one's unit too, if it is shared.
///
/// # Errors
/// All that is wrong with it, a caller who may not, or an error of the store.
pub fn keep(
    store: &Store,
    name: &str,
    asked: Asked,
    share: bool,
    key: Option<Once>,
    by: Proof,
    now: Moment,
) -> Result<Happened<SavedListId>, Error> {
    let name = name.trim().to_owned();
    if name.is_empty() {
        return Err(Error::wrong("/name", "để trống"));
    }
    if name.chars().count() > MOST_LETTERS {
        return Err(Error::wrong("/name", "dài quá 80 ký tự"));
    }
    store.write_with_reference_as(by, move |conn, _, caller| {
        // A list that is shared is for whoever leads.
        if share && !caller.role().may(Permission::ShareLists) {
            return Err(Denied::Role(caller.role()).into());
        }
        once(conn, key.as_ref(), now, |conn| {
            if saved_lists::count(conn, caller.user())? >= i64::from(MOST) {
                let full = "đã lưu đủ 50 danh sách: xóa bớt rồi lưu lại";
                return Err(Error::wrong("/name", full));
            }
            if saved_lists::is_named(conn, caller.user(), &name)? {
                let taken =
                    "bạn đã có danh sách với tên này: đặt tên khác, hoặc xóa danh sách cũ trước";
                return Err(Error::wrong("/name", taken));
            }
            let list = SavedList {
                id: SavedListId::new(now, rand::random()),
                owner: caller.user(),
                shared_with: share.then(|| caller.unit()),
                name: name.clone(),
                asked: asked.clone(),
            };
            saved_lists::insert(conn, &list, now)?;
            Ok(list.id)
        })
    })
}

/// A list is kept no more: by its owner, or by who leads those with whom it is shared.
///
/// # Errors
/// If there is none that is theirs, or the database refuses.
pub fn remove(store: &Store, id: SavedListId, by: Proof) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let list = saved_lists::find(conn, id)?.ok_or(NO_LIST)?;
        let leads = caller.role().may(Permission::ShareLists)
            && list
                .shared_with
                .is_some_and(|unit| reference.units().is_under(unit, caller.unit()));
        // Another's own list is not even told of.
        if list.owner != caller.user() && !leads {
            return Err(NO_LIST);
        }
        Ok(saved_lists::delete(conn, id)?)
    })
}

/// From now on lists are shown like this, to whoever says so.
///
/// # Errors
/// A caller who may not, or an error of the store.
pub fn show(store: &Store, shown: String, by: Proof) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, _, caller| {
        Ok(saved_lists::show(conn, caller.user(), &shown)?)
    })
}
