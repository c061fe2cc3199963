//! Books made of their parts, kept for as long as they are those of the newest block: many ask for the same one.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_clearing::MarketId;
use heddle_exchange::Book;
use heddle_exchange::query::Query;
use heddle_rpc_api::ErrorKind;
use heddle_rpc_api::RpcError;
use heddle_types::Height;
use parking_lot::Mutex;

/// The newest book of each market that somebody asked for.
#[derive(Default)]
pub(crate) struct Books(Mutex<BTreeMap<MarketId, (Height, Arc<Book>)>>);

impl Books {
    /// A market's book after the block at `height`, which `query` reads.
    pub(super) fn book(
        &self,
        query: &Query<'_>,
        market: MarketId,
        height: Height,
    ) -> Result<Arc<Book>, RpcError> {
        let kept = self.0.lock().get(&market).cloned();
        if let Some((_, book)) = kept.filter(|(of, _)| *of == height) {
            return Ok(book);
        }
        let book = query.book(market).map_err(|error| {
            RpcError::new(ErrorKind::Internal, format!("the book of market {market}: {error}"))
        })?;
        let book = Arc::new(book);
        self.0.lock().insert(market, (height, Arc::clone(&book)));
        Ok(book)
    }
}
