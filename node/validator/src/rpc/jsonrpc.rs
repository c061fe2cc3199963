//! JSON-RPC 2.0 requests and replies, as bytes.

use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::RpcError;
use heddle_rpc_api::found;
use heddle_rpc_api::limits;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::value::RawValue;

/// A well-formed request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// What to answer to; without one it is a notification and gets no reply.
    pub(super) id: Option<Value>,
    /// The method.
    pub(super) method: String,
    /// Its parameters, not yet looked at.
    pub(super) params: Option<Value>,
}

/// A request of a batch that cannot be carried out, and the id to say so to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BadCall {
    /// Its id if it has a usable one, else null.
    pub(super) id: Value,
    /// What is wrong.
    pub(super) error: RpcError,
}

/// What a body holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decoded {
    /// One request.
    Single(Result<Call, BadCall>),
    /// 1 to [`limits::BATCH_MAX`] of them.
    Batch(Vec<Result<Call, BadCall>>),
}

/// Decodes a body.
///
/// # Errors
/// It is no UTF-8, no JSON, nested too deep, an empty batch or one too long: one error for all of it.
pub(super) fn decode(body: &[u8]) -> Result<Decoded, RpcError> {
    if body.len() > limits::BODY_BYTES_MAX {
        return Err(body_too_large());
    }
    let text = std::str::from_utf8(body).map_err(|e| {
        let message = format!("body: no UTF-8 at byte {}, expected JSON in UTF-8", e.valid_up_to());
        RpcError::new(ErrorKind::ParseError, message)
    })?;
    check_depth(text)?;
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => decode_batch(items).map(Decoded::Batch),
        Ok(item) => Ok(Decoded::Single(decode_call(item))),
        Err(e) => Err(RpcError::new(ErrorKind::ParseError, format!("body: {e}, expected JSON"))),
    }
}

/// The error for a body past its limit.
pub(super) fn body_too_large() -> RpcError {
    let message = format!("body: more than {} bytes", limits::BODY_BYTES_MAX);
    RpcError::new(ErrorKind::TooLarge, message)
}

/// The error for a message that is no UTF-8, when where is not known.
pub(super) fn not_utf8() -> RpcError {
    RpcError::new(ErrorKind::ParseError, "body: no UTF-8, expected JSON in UTF-8")
}

/// Counts brackets outside strings, so that the parser, which recurses, never sees deep nesting.
fn check_depth(text: &str) -> Result<(), RpcError> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits::DEPTH_MAX {
            let message = format!("body: nested deeper than {}", limits::DEPTH_MAX);
            return Err(RpcError::new(ErrorKind::TooLarge, message));
        }
    }
    Ok(())
}

fn decode_batch(items: Vec<Value>) -> Result<Vec<Result<Call, BadCall>>, RpcError> {
    if items.is_empty() {
        let message = "batch: found none, expected 1 to 100 requests";
        return Err(RpcError::new(ErrorKind::InvalidRequest, message));
    }
    if items.len() > limits::BATCH_MAX {
        let message = format!("batch: found {} requests, expected 1 to 100", items.len());
        return Err(RpcError::new(ErrorKind::TooLarge, message));
    }
    Ok(items.into_iter().map(decode_call).collect())
}

fn decode_call(item: Value) -> Result<Call, BadCall> {
    let bad = |id: Value, message: String| BadCall {
        id,
        error: RpcError::new(ErrorKind::InvalidRequest, message),
    };
    let Value::Object(mut members) = item else {
        let message = format!("request: found {}, expected an object", found(&item));
        return Err(bad(Value::Null, message));
    };
    let id = match members.remove("id") {
        id @ (None | Some(Value::Null | Value::Number(_) | Value::String(_))) => id,
        Some(other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_))) => {
            let message = format!("id: found {}, expected a string or a number", found(&other));
            return Err(bad(Value::Null, message));
        }
    };
    match decode_members(&mut members) {
        Ok((method, params)) => Ok(Call { id, method, params }),
        Err(message) => Err(bad(id.unwrap_or_default(), message)),
    }
}

fn decode_members(members: &mut Map<String, Value>) -> Result<(String, Option<Value>), String> {
    let nothing = || "nothing".to_owned();
    let version = members.remove("jsonrpc");
    if version.as_ref().and_then(Value::as_str) != Some("2.0") {
        let found = version.as_ref().map_or_else(nothing, found);
        return Err(format!("jsonrpc: found {found}, expected \"2.0\""));
    }
    match members.remove("method") {
        Some(Value::String(method)) => Ok((method, members.remove("params"))),
        other => {
            let found = other.as_ref().map_or_else(nothing, found);
            Err(format!("method: found {found}, expected a string"))
        }
    }
}

/// A reply.
#[derive(Debug, Serialize)]
pub(super) struct Reply {
    jsonrpc: &'static str,
    id: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RpcError>,
}

impl Reply {
    /// To the request of this id.
    pub(super) fn new(id: Value, outcome: Result<Box<RawValue>, RpcError>) -> Self {
        let (result, error) = match outcome {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error)),
        };
        Self { jsonrpc: "2.0", id, result, error }
    }

    /// To a body that holds no request.
    pub(super) fn to_nobody(error: RpcError) -> Self {
        Self::new(Value::Null, Err(error))
    }
}

/// A result as JSON.
///
/// # Errors
/// `internal` when it cannot be JSON, which no type of the API can cause.
pub(super) fn encode_result<T: Serialize>(result: &T) -> Result<Box<RawValue>, RpcError> {
    serde_json::value::to_raw_value(result)
        .map_err(|e| RpcError::new(ErrorKind::Internal, format!("result: {e}")))
}

/// The bytes of one reply, or of a batch's.
pub(super) fn encode_replies<T: Serialize>(replies: &T) -> Vec<u8> {
    serde_json::to_vec(replies).unwrap_or_else(|_| {
        br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"reply: no JSON"}}"#
            .to_vec()
    })
}
