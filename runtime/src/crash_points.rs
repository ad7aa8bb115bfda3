//! Places where a crash test ends the process as kill -9 would, and where it breaks a guarantee on purpose to see whether the
//! verifier notices. The environment variable `FAILPOINTS` names them (syntax of the crate `fail`): `epoch-rows=20*off->return`
//! dies when it passes for the 21st time.
//!
//! Without the feature `failpoints` every call is empty: a released binary has none of this.

/// Reads `FAILPOINTS`, once per run.
pub(crate) fn arm() {
    #[cfg(feature = "failpoints")]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        // Kept for the life of the process: the points are torn down when it is dropped.
        ONCE.call_once(|| std::mem::forget(fail::FailScenario::setup()));
    }
}

/// Ends the process here if `FAILPOINTS` says so: no destructor runs, nothing is flushed.
#[inline]
pub(crate) fn here(name: &str) {
    #[cfg(feature = "failpoints")]
    fail::fail_point!(name, |_| std::process::abort());
    let _ = name;
}

/// True if `FAILPOINTS` asks for this guarantee to be broken.
#[inline]
pub(crate) fn broken(name: &str) -> bool {
    #[cfg(feature = "failpoints")]
    fail::fail_point!(name, |_| true);
    let _ = name;
    false
}
