//! Taking a document apart field by field, so that every error names its field.

use std::str::FromStr;

use serde_json::Map;
use serde_json::Value;

/// A field that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found {found}, expected {expected}")]
pub struct FieldError {
    /// Its path, such as `peers[1].quic`; empty for the document as a whole.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

/// A table whose fields are all known by name; also for other strict documents than a home's.
pub struct Fields {
    path: String,
    map: Map<String, Value>,
}

/// One field's value, with its path.
pub struct Field {
    path: String,
    value: Value,
}

impl Fields {
    /// The document as a table that has no fields but `known`.
    ///
    /// # Errors
    /// For another type, or an unknown field.
    pub fn document(value: Value, known: &[&str]) -> Result<Self, FieldError> {
        Field { path: String::new(), value }.table(known)
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn take(&mut self, name: &str) -> Result<Field, FieldError> {
        self.optional(name).ok_or_else(|| FieldError {
            field: join(&self.path, name),
            found: "nothing".to_owned(),
            expected: "it to be there".to_owned(),
        })
    }

    /// A field that may be left out.
    pub fn optional(&mut self, name: &str) -> Option<Field> {
        let value = self.map.remove(name)?;
        Some(Field { path: join(&self.path, name), value })
    }
}

impl Field {
    /// As a table that has no fields but `known`.
    ///
    /// # Errors
    /// For another type, or an unknown field.
    pub fn table(self, known: &[&str]) -> Result<Fields, FieldError> {
        let Value::Object(map) = self.value else {
            return Err(self.wrong("a table of fields"));
        };
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            let shown: String = name.chars().take(40).collect();
            return Err(FieldError {
                field: join(&self.path, &shown),
                found: "an unknown field".to_owned(),
                expected: format!("one of {}", known.join(", ")),
            });
        }
        Ok(Fields { path: self.path, map })
    }

    /// As a list of at most `max` items.
    ///
    /// # Errors
    /// For another type, or more items.
    pub fn list(self, max: usize) -> Result<Vec<Self>, FieldError> {
        let Value::Array(items) = self.value else {
            return Err(self.wrong("a list"));
        };
        if items.len() > max {
            return Err(FieldError {
                field: self.path,
                found: format!("{} items", items.len()),
                expected: format!("at most {max}"),
            });
        }
        let path = |position| format!("{}[{position}]", self.path);
        let items = items.into_iter().enumerate();
        Ok(items.map(|(position, value)| Self { path: path(position), value }).collect())
    }

    /// Whether it is JSON's `null`.
    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// True or false.
    ///
    /// # Errors
    /// For another type.
    pub fn boolean(&self) -> Result<bool, FieldError> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// A whole number from `min` to `max`.
    ///
    /// # Errors
    /// For another type, or a number outside.
    pub fn integer(&self, min: u64, max: u64) -> Result<u64, FieldError> {
        let number = self.value.as_u64().filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| self.wrong(&format!("a whole number from {min} to {max}")))
    }

    /// A text.
    ///
    /// # Errors
    /// For another type.
    pub fn text(&self) -> Result<&str, FieldError> {
        self.value.as_str().ok_or_else(|| self.wrong("a text in quotes"))
    }

    /// A text that `T` can be read from.
    ///
    /// # Errors
    /// For another type, or another text.
    pub fn parsed<T: FromStr>(&self, expected: &str) -> Result<T, FieldError> {
        let text = self.value.as_str().ok_or_else(|| self.wrong(expected))?;
        text.parse().map_err(|_| self.wrong(expected))
    }

    /// This field's error; `found` shows the value, shortened.
    pub fn wrong(&self, expected: &str) -> FieldError {
        self.wrong_as(&describe(&self.value), expected)
    }

    /// This field's error with words of the caller's choice for what was found.
    pub fn wrong_as(&self, found: &str, expected: &str) -> FieldError {
        FieldError {
            field: self.path.clone(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn describe(value: &Value) -> String {
    const SHOWN_MAX: usize = 80;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.chars().count() > SHOWN_MAX => {
            let shown: String = text.chars().take(SHOWN_MAX).collect();
            format!("{shown:?} and more")
        }
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "a table".to_owned(),
    }
}
