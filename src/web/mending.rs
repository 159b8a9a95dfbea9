//! Finds every wrong field of a JSON value, where reading it would stop at the first: each field is
//! put by itself into a value that is known to be sound.

use serde_json::Value;

/// A wrong field: JSON pointer and reason.
pub(crate) type WrongField = (String, String);

/// What is wrong, up to a number.
pub(crate) struct Found {
    pub(crate) wrong: Vec<WrongField>,
    /// How many are looked for.
    most: usize,
    /// How long a list may be that is looked through.
    longest: usize,
}

impl Found {
    /// Looks for `most` wrong fields and for no more, and through no list longer than `longest`.
    pub(crate) const fn up_to(most: usize, longest: usize) -> Self {
        Self {
            wrong: Vec::new(),
            most,
            longest,
        }
    }

    /// Looks for all.
    pub(crate) const fn all() -> Self {
        Self::up_to(usize::MAX, usize::MAX)
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.wrong.len() >= self.most
    }

    fn add(&mut self, pointer: String, reason: String) {
        if !self.is_full() {
            self.wrong.push((pointer, reason));
        }
    }
}

/// Whether a value can be read, or why not.
type Fits<'a> = &'a dyn Fn(&Value) -> Result<(), String>;

/// Names what is wrong with `item` and returns it with the wrong fields taken from `sound`, which
/// has every field, and one element in every list. The cost follows the size of `item`, however much
/// of it is wrong.
pub(crate) fn mend(
    item: &Value,
    sound: &Value,
    fits: Fits<'_>,
    pointer: &str,
    found: &mut Found,
) -> Value {
    if found.is_full() {
        return sound.clone();
    }
    let Err(reason) = fits(item) else {
        return item.clone();
    };
    match (item, sound) {
        (Value::Object(fields), Value::Object(sound)) => {
            let mut mended = sound.clone();
            let with = |name: &str, value: &Value| {
                let mut whole = sound.clone();
                whole.insert(name.to_owned(), value.clone());
                Value::Object(whole)
            };
            for (name, value) in fields {
                if found.is_full() {
                    break;
                }
                let pointer = format!("{pointer}/{name}");
                match sound.get(name) {
                    None => found.add(pointer, "trường lạ".to_owned()),
                    Some(sound) => {
                        let fits = |value: &Value| fits(&with(name, value));
                        let value = mend(value, sound, &fits, &pointer, found);
                        mended.insert(name.clone(), value);
                    }
                }
            }
            for name in sound.keys().filter(|name| !fields.contains_key(*name)) {
                let mut without = sound.clone();
                without.remove(name);
                if fits(&Value::Object(without)).is_ok() {
                    mended.remove(name);
                } else {
                    found.add(format!("{pointer}/{name}"), "thiếu trường này".to_owned());
                }
            }
            Value::Object(mended)
        }
        (Value::Array(items), Value::Array(_)) if items.len() > found.longest => {
            let longest = found.longest;
            found.add(pointer.to_owned(), format!("dài quá {longest} phần tử"));
            Value::Array(Vec::new())
        }
        (Value::Array(items), Value::Array(sound)) if !sound.is_empty() => {
            let fits = |items: &[Value]| fits(&Value::Array(items.to_vec()));
            let mut mended = Vec::with_capacity(items.len());
            mend_list(items, 0, &sound[0], &fits, pointer, found, &mut mended);
            Value::Array(mended)
        }
        _ => {
            found.add(pointer.to_owned(), format!("không hợp lệ: {reason}"));
            sound.clone()
        }
    }
}

/// Part of a list that is known to hold something wrong: halved until that is found, so that what is
/// right is read a few times in all and not once for each element.
fn mend_list(
    items: &[Value],
    first: usize,
    sound: &Value,
    fits: &dyn Fn(&[Value]) -> Result<(), String>,
    pointer: &str,
    found: &mut Found,
    mended: &mut Vec<Value>,
) {
    if let [item] = items {
        let pointer = format!("{pointer}/{first}");
        let fits = |item: &Value| fits(std::slice::from_ref(item));
        mended.push(mend(item, sound, &fits, &pointer, found));
        return;
    }
    let (left, right) = items.split_at(items.len() / 2);
    for (half, first) in [(left, first), (right, first + left.len())] {
        if half.is_empty() || found.is_full() {
            continue;
        }
        match fits(half) {
            Ok(()) => mended.extend_from_slice(half),
            Err(_) => mend_list(half, first, sound, fits, pointer, found, mended),
        }
    }
}
