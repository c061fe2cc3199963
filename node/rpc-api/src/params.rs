//! Parameters, read strictly: each error names the field, what was found and what was expected.

use heddle_types::ProgramId;
use serde_json::Map;
use serde_json::Value;
use thiserror::Error;

use crate::error::quoted;
use crate::limits;
use crate::number::Number;
use crate::text::Text;

/// What is wrong with a request's parameters.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: found {found}, expected {expected}")]
pub struct ParamError {
    /// The parameter, `params` for all of them.
    pub field: String,
    /// What stands there, shortened.
    pub found: String,
    /// What should.
    pub expected: String,
}

impl ParamError {
    /// `found` is taken as it is; quote what a user wrote with [`found`].
    pub fn new(field: &str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.to_owned(), found: found.into(), expected: expected.into() }
    }
}

/// A request's named parameters. Each is taken once; [`Params::finish`] refuses what is left over.
#[derive(Clone, Debug, Default)]
pub struct Params(Map<String, Value>);

impl Params {
    /// From a request's `params`: an object, or nothing (absent, null or an empty array).
    ///
    /// # Errors
    /// Anything else: parameters go by name.
    pub fn new(params: Option<Value>) -> Result<Self, ParamError> {
        match params {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Array(items)) if items.is_empty() => Ok(Self::default()),
            Some(Value::Object(map)) => Ok(Self(map)),
            Some(
                other @ (Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_)),
            ) => Err(ParamError::new("params", found(&other), "an object of named parameters")),
        }
    }

    /// Whether `field` is given. Null counts as left out.
    pub fn has(&self, field: &str) -> bool {
        self.0.get(field).is_some_and(|value| !value.is_null())
    }

    /// A noun that is a string.
    ///
    /// # Errors
    /// The field is missing, no string, or not the text of a `T`.
    pub fn text<T: Text>(&mut self, field: &str) -> Result<T, ParamError> {
        self.optional_text(field)?.ok_or_else(|| missing(field, T::EXPECTED))
    }

    /// A noun that is a string, or nothing.
    ///
    /// # Errors
    /// The field is no string, or not the text of a `T`.
    pub fn optional_text<T: Text>(&mut self, field: &str) -> Result<Option<T>, ParamError> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let parsed = value.as_str().and_then(T::from_text);
        match parsed {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(ParamError::new(field, found(&value), T::EXPECTED)),
        }
    }

    /// A noun that is an integer.
    ///
    /// # Errors
    /// The field is missing, or no integer below 2^53 that a `T` can be.
    pub fn number<T: Number>(&mut self, field: &str) -> Result<T, ParamError> {
        let number = self.integer(field, limits::INTEGER_MAX)?;
        let expected = "an integer below 2^53";
        T::from_number(number).ok_or_else(|| ParamError::new(field, number.to_string(), expected))
    }

    /// An integer from 0 to `max`.
    ///
    /// # Errors
    /// The field is missing, or no such integer.
    pub fn integer(&mut self, field: &str, max: u64) -> Result<u64, ParamError> {
        self.optional_integer(field, max)?
            .ok_or_else(|| missing(field, &format!("an integer from 0 to {max}")))
    }

    /// An integer from 0 to `max`, or nothing.
    ///
    /// # Errors
    /// The field is no such integer.
    pub fn optional_integer(&mut self, field: &str, max: u64) -> Result<Option<u64>, ParamError> {
        let Some(value) = self.take(field) else { return Ok(None) };
        match value.as_u64().filter(|number| *number <= max) {
            Some(number) => Ok(Some(number)),
            None => {
                let expected = format!("an integer from 0 to {max}");
                Err(ParamError::new(field, found(&value), expected))
            }
        }
    }

    /// True or false, or nothing.
    ///
    /// # Errors
    /// The field is neither.
    pub fn optional_flag(&mut self, field: &str) -> Result<Option<bool>, ParamError> {
        let Some(value) = self.take(field) else { return Ok(None) };
        match value.as_bool() {
            Some(flag) => Ok(Some(flag)),
            None => Err(ParamError::new(field, found(&value), "true or false")),
        }
    }

    /// A program's number.
    ///
    /// # Errors
    /// The field is missing, or neither an integer below 2^32 nor a name.
    pub fn program(&mut self, field: &str) -> Result<ProgramId, ParamError> {
        const EXPECTED: &str =
            "a program's number, or its name: system, ledger, oracle, clearing, exchange";
        if let Some(Value::String(text)) = self.0.get(field) {
            let id = parse_program(text);
            let id = id.ok_or_else(|| ParamError::new(field, quoted(text), EXPECTED))?;
            self.take(field);
            return Ok(id);
        }
        let number = self.integer(field, u64::from(u32::MAX))?;
        let id = u32::try_from(number);
        id.map(ProgramId).map_err(|_| ParamError::new(field, number.to_string(), EXPECTED))
    }

    /// Refuses parameters that nobody took.
    ///
    /// # Errors
    /// One of them, by name.
    pub fn finish(self, known: &str) -> Result<(), ParamError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((field, _)) => {
                let field = quoted(&field);
                let expected = format!("only these parameters: {known}");
                Err(ParamError::new(field.trim_matches('"'), "an unknown parameter", expected))
            }
        }
    }

    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field).filter(|value| !value.is_null())
    }
}

/// What a JSON value is, in a few words; never longer than a line.
pub fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(map) => format!("an object of {}", map.len()),
    }
}

fn missing(field: &str, expected: &str) -> ParamError {
    ParamError::new(field, "nothing", expected)
}

/// A program by its number or its name.
pub fn parse_program(text: &str) -> Option<ProgramId> {
    match text {
        "system" => Some(ProgramId::SYSTEM),
        "ledger" => Some(ProgramId::LEDGER),
        "oracle" => Some(ProgramId::ORACLE),
        "clearing" => Some(ProgramId::CLEARING),
        "exchange" => Some(ProgramId::EXCHANGE),
        "validators" => Some(ProgramId::VALIDATORS),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok().map(ProgramId),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_goes_by_number_or_name() {
        let check = |text: &str| parse_program(text).map(|id| id.0);
        assert_eq!(check("ledger"), Some(1));
        assert_eq!(check("system"), Some(0));
        assert_eq!(check("exchange"), Some(4));
        assert_eq!(check("7"), Some(7));
        assert_eq!(check("4294967296"), None);
        assert_eq!(check("-1"), None);
        assert_eq!(check(""), None);
        assert_eq!(check("Ledger"), None);
    }
}
