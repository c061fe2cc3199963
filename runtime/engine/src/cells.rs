//! Memory that tasks on different threads fill and read without locks.
//!
//! The types here check nothing but bounds. Who may touch which cell when is the protocol of `waiters.rs`: a cell is
//! written only by whoever runs its task, and read by others only after they have seen that task done.

#![expect(
    unsafe_code,
    reason = "version cells are published by their task's word, not each by its own lock"
)]

use std::cell::UnsafeCell;

/// Cells that outlive blocks.
#[derive(Debug, Default)]
pub(crate) struct Cells<T>(Vec<UnsafeCell<T>>);

/// Cells that are a slice of somebody else's.
#[derive(Debug)]
pub(crate) struct SharedSlice<'a, T>(&'a [UnsafeCell<T>]);

// SAFETY: references to a `T` reach other threads (`T: Sync`), and values are dropped and replaced by them (`T: Send`); that no
// two threads touch one cell at the same time unless both read is what callers of the unsafe functions promise.
unsafe impl<T: Send + Sync> Sync for Cells<T> {}

// SAFETY: as for `Cells`.
unsafe impl<T: Send + Sync> Sync for SharedSlice<'_, T> {}

impl<T: Default> Cells<T> {
    /// Makes room for `len` cells. What is in them stays.
    pub(crate) fn grow(&mut self, len: usize) {
        if self.0.len() < len {
            self.0.resize_with(len, UnsafeCell::default);
        }
    }

    /// What is in a cell.
    ///
    /// # Safety
    /// Nobody writes the cell while the reference lives.
    #[inline]
    pub(crate) unsafe fn get(&self, index: usize) -> &T {
        // SAFETY: promised by the caller.
        unsafe { &*self.0[index].get() }
    }

    /// Replaces what is in a cell.
    ///
    /// # Safety
    /// Nobody else touches the cell meanwhile, and no reference to what is in it lives.
    #[inline]
    pub(crate) unsafe fn set(&self, index: usize, value: T) {
        // SAFETY: promised by the caller.
        unsafe { *self.0[index].get() = value };
    }
}

impl<'a, T> SharedSlice<'a, T> {
    /// Fetches a cell that the caller is about to write from wherever it is, such as another core's cache, without waiting for
    /// it. Touches nothing that the language knows of.
    #[inline]
    pub(crate) fn prefetch(&self, index: usize) {
        let Some(cell) = self.0.get(index) else { return };
        prefetch_bytes(cell.get().cast(), size_of::<T>());
    }

    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        let cells: *const [T] = &raw const *slice;
        // SAFETY: `UnsafeCell<T>` has the layout of `T`, and the exclusive borrow lasts as long as the cells.
        Self(unsafe { &*(cells as *const [UnsafeCell<T>]) })
    }

    /// What is in a cell.
    ///
    /// # Safety
    /// Nobody writes the cell while the reference lives.
    #[inline]
    pub(crate) unsafe fn get(&self, index: usize) -> &T {
        // SAFETY: promised by the caller.
        unsafe { &*self.0[index].get() }
    }

    /// Replaces what is in a cell.
    ///
    /// # Safety
    /// Nobody else touches the cell meanwhile, and no reference to what is in it lives.
    #[inline]
    pub(crate) unsafe fn set(&self, index: usize, value: T) {
        // SAFETY: promised by the caller.
        unsafe { *self.0[index].get() = value };
    }
}

/// Fetches what the caller is about to read and write; see [`SharedSlice::prefetch`].
#[inline]
pub(crate) fn prefetch_slice<T>(slice: &[T]) {
    prefetch_bytes(slice.as_ptr().cast(), size_of_val(slice));
}

#[inline]
fn prefetch_bytes(start: *const u8, len: usize) {
    const LINE_BYTES: usize = 64;
    for offset in (0..len).step_by(LINE_BYTES) {
        prefetch_line(start.wrapping_add(offset));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn prefetch_line(line: *const u8) {
    // SAFETY: a hint to the processor, whatever the address; those that do not know it do nothing.
    unsafe {
        std::arch::asm!("prefetchw [{0}]", in(reg) line, options(nostack, preserves_flags));
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn prefetch_line(_line: *const u8) {}
