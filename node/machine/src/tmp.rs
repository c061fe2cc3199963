pub(crate) struct Catchup;
impl Catchup {
    pub(crate) fn new(_h: heddle_types::Height) -> Self { Self }
    pub(crate) fn handle(&mut self, _n: heddle_types::Instant, _i: heddle_catchup::Input, _a: &mut Vec<heddle_catchup::Action>) {}
    pub(crate) fn deadline(&self) -> Option<heddle_types::Instant> { None }
    pub(crate) fn is_behind(&self) -> bool { false }
}
