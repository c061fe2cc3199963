//! Amounts as people type them. No floats: what is typed is what is sent.

use heddle_types::Amount;

/// Decimals of one HDL.
pub(crate) const HDL_DECIMALS: u8 = 9;

/// A whole number of base units.
pub(crate) fn parse_units(text: &str) -> Result<Amount, String> {
    let expected = "expected a whole number of base units from 0 to 2^120 - 1, digits only; use \
        --amount-ui for whole assets";
    units(text).ok_or_else(|| expected.to_owned())
}

/// A decimal number of whole assets, unread: what it means depends on the asset's decimals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UiAmount {
    whole: String,
    fraction: String,
}

impl UiAmount {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (whole, fraction) = match text.split_once('.') {
            None => (text, ""),
            // `1.` and `.5` are more often slips than meant.
            Some((_, "")) => return Err(Self::EXPECTED.to_owned()),
            Some(parts) => parts,
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(Self::EXPECTED.to_owned());
        }
        Ok(Self { whole: whole.to_owned(), fraction: fraction.to_owned() })
    }

    const EXPECTED: &'static str = "expected a decimal number of whole assets such as 1.5, without sign or exponent; use \
        --amount for base units";

    /// In base units of an asset with `decimals`; none when it has more decimals than the asset or is too large.
    pub(crate) fn to_units(&self, decimals: u8) -> Option<Amount> {
        let missing = usize::from(decimals).checked_sub(self.fraction.len())?;
        units(&format!("{}{}{}", self.whole, self.fraction, "0".repeat(missing)))
    }
}

/// `amount` in whole assets, exactly.
pub(crate) fn format_ui(amount: Amount, decimals: u8) -> String {
    let width = usize::from(decimals) + 1;
    let digits = format!("{:0>width$}", amount.get());
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

fn units(digits: &str) -> Option<Amount> {
    // `u128` would also read a plus sign.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().and_then(Amount::new)
}

#[cfg(test)]
mod tests;
