//! Finds every wrong field of a JSON value, where reading it would stop at the first: each field is
//! put by itself into a value that is known to be sound.

use serde_json::Value;

/// A wrong field: JSON pointer and reason.
pub(crate) type WrongField = (String, String);

/// Whether a value can be read, or why not.
type Fits<'a> = &'a dyn Fn(&Value) -> Result<(), String>;

/// Names what is wrong with `item` and returns it with the wrong fields taken from `sound`, which
/// has every field, and one element in every list.
pub(crate) fn mend(
    item: &Value,
    sound: &Value,
    fits: Fits<'_>,
    pointer: &str,
    wrong: &mut Vec<WrongField>,
) -> Value {
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
                let pointer = format!("{pointer}/{name}");
                match sound.get(name) {
                    None => wrong.push((pointer, "trường lạ".to_owned())),
                    Some(sound) => {
                        let fits = |value: &Value| fits(&with(name, value));
                        let value = mend(value, sound, &fits, &pointer, wrong);
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
                    wrong.push((format!("{pointer}/{name}"), "thiếu trường này".to_owned()));
                }
            }
            Value::Object(mended)
        }
        (Value::Array(items), Value::Array(sound)) if !sound.is_empty() => {
            let fits = |item: &Value| fits(&Value::Array(vec![item.clone()]));
            let mended = items.iter().enumerate().map(|(i, item)| {
                let pointer = format!("{pointer}/{i}");
                mend(item, &sound[0], &fits, &pointer, wrong)
            });
            Value::Array(mended.collect())
        }
        _ => {
            wrong.push((pointer.to_owned(), format!("không hợp lệ: {reason}")));
            sound.clone()
        }
    }
}
