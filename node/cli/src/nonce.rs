//! `LANE:SEQUENCE`.

use heddle_types::Nonce;

/// Reads a nonce such as `0:17`.
pub(crate) fn parse(text: &str) -> Result<Nonce, String> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.split_once(':').filter(|(lane, sequence)| digits(lane) && digits(sequence));
    let nonce = parts.and_then(|(lane, sequence)| {
        Some(Nonce::Lane { lane: lane.parse().ok()?, sequence: sequence.parse().ok()? })
    });
    nonce.ok_or_else(|| "expected LANE:SEQUENCE such as 0:17, the lane from 0 to 255".to_owned())
}

/// As [`parse`] reads it.
pub(crate) fn format(nonce: Nonce) -> String {
    match nonce {
        Nonce::Lane { lane, sequence } => format!("{lane}:{sequence}"),
        Nonce::Window { millis } => format!("window:{millis}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_a_lane_and_a_sequence() {
        assert_eq!(parse("0:17"), Ok(Nonce::Lane { lane: 0, sequence: 17 }));
        let last = format!("255:{}", u64::MAX);
        assert_eq!(parse(&last).map(format), Ok(last));
        for bad in ["", ":", "0", "0:", ":1", "256:0", "-1:0", "+0:1", "0:1:2", "0:1.5", "0: 1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
