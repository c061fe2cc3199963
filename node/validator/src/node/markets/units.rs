//! Base units as people read them.

use heddle_clearing::MarketId;
use heddle_exchange::Market;
use heddle_exchange::query::Query;
use heddle_num::Lots;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_rpc_api::decimal;
use heddle_types::AssetId;
use heddle_types::StateKey;
use heddle_types::Value;

/// What money is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Money {
    pub(super) asset: AssetId,
    pub(super) decimals: u8,
}

/// What positions are paid in on this chain.
pub(super) fn money(read: &dyn Fn(&StateKey) -> Option<Value>) -> Money {
    let asset = Query::new(read).collateral().unwrap_or(AssetId::HDL);
    let info = read(&heddle_ledger::asset_key(&asset));
    let info = info.and_then(|value| {
        heddle_types::decode_exact::<heddle_ledger::AssetInfo>(value.as_bytes()).ok()
    });
    Money { asset, decimals: info.map_or(0, |info| info.decimals) }
}

impl Money {
    pub(super) fn ui(&self, amount: Quote) -> String {
        decimal(amount.get(), self.decimals)
    }
}

/// A market's prices and sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid<'a> {
    pub(super) id: MarketId,
    pub(super) listing: &'a Market,
}

impl Grid<'_> {
    pub(super) fn name(&self) -> String {
        self.listing.name.to_string()
    }

    pub(super) fn price(&self, price: Ticks) -> String {
        decimal(price.get().into(), self.listing.price_decimals)
    }

    /// A price in hundredths of a tick.
    pub(super) fn fine_price(&self, hundredths: i128) -> String {
        decimal(hundredths, self.listing.price_decimals.saturating_add(2))
    }

    pub(super) fn size(&self, lots: Lots) -> String {
        decimal(lots.get().into(), self.listing.size_decimals)
    }

    pub(super) fn position(&self, lots: SignedLots) -> String {
        decimal(lots.get().into(), self.listing.size_decimals)
    }
}
