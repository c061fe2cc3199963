use super::*;

fn ui(text: &str, decimals: u8) -> Option<u128> {
    UiAmount::parse(text).ok().and_then(|amount| amount.to_units(decimals)).map(Amount::get)
}

#[test]
fn base_units_are_digits_only() {
    assert_eq!(parse_units("0").map(Amount::get), Ok(0));
    assert_eq!(parse_units("1500000000").map(Amount::get), Ok(1_500_000_000));
    assert_eq!(parse_units(&Amount::MAX.to_string()), Ok(Amount::MAX));
    let too_large = (Amount::MAX.get() + 1).to_string();
    let huge = "9".repeat(10_000);
    for bad in ["", "1.5", "1.0", "+1", "-1", "1e9", "1_000", " 1", "0x10", "١", &too_large, &huge]
    {
        assert!(parse_units(bad).is_err(), "{bad}");
    }
}

#[test]
fn whole_assets_are_read_exactly() {
    assert_eq!(ui("1.5", 9), Some(1_500_000_000));
    assert_eq!(ui("1", 9), Some(1_000_000_000));
    assert_eq!(ui("0.000000001", 9), Some(1));
    assert_eq!(ui("0.1", 9), Some(100_000_000));
    assert_eq!(ui("123456789.123456789", 9), Some(123_456_789_123_456_789));
    assert_eq!(ui("7", 0), Some(7));
    assert_eq!(ui("7.0", 0), None);
    assert_eq!(ui("0.0000000001", 9), None);
    assert_eq!(ui(&"9".repeat(40), 9), None);
    for bad in ["", ".", ".5", "1.", "1.5.0", "+1", "-1", "1e3", "1,5", "nan", "inf"] {
        assert_eq!(ui(bad, 9), None, "{bad}");
    }
}

#[test]
fn what_is_shown_is_what_would_be_typed() {
    for units in [0, 1, 999_999_999, 1_000_000_000, 1_500_000_000, Amount::MAX.get()] {
        let amount = Amount::new(units).unwrap();
        assert_eq!(ui(&format_ui(amount, 9), 9), Some(units));
    }
    assert_eq!(format_ui(Amount::from_units(1_500_000_000), 9), "1.5");
    assert_eq!(format_ui(Amount::from_units(5), 0), "5");
}
