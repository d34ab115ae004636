//! How many sockets and files the process may have open. Knows nothing of what they are for.

use std::io;

/// Raises the limit as far as it may be raised: the usual soft limit of 1,024 is a room of a thousand members.
/// Where there is no such limit, nothing is done.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
            // macOS says that there is no limit, and takes no more than its own constant OPEN_MAX.
            const OPEN_MAX: u64 = 10_240;
            let current = Some(current.map_or(OPEN_MAX, |current| current.max(OPEN_MAX)));
            // As before, then: running out of descriptors is survived.
            let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
        }
    }
}

/// Whether an operation failed because this process, or the whole machine, can open no more.
pub fn are_used_up(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(rustix::io::Errno::raw_os_error);
    // WSAEMFILE
    #[cfg(not(unix))]
    let codes = [10024];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    use super::*;

    #[test]
    fn the_limit_is_as_high_as_it_may_be_and_raising_it_again_changes_nothing() {
        raise_limit();
        let raised = getrlimit(Resource::Nofile);
        assert!(raised.current == raised.maximum || raised.current >= Some(10_240), "{raised:?}");
        raise_limit();
        assert_eq!(getrlimit(Resource::Nofile), raised);
    }

    #[test]
    fn only_running_out_is_running_out() {
        assert!(are_used_up(&rustix::io::Errno::MFILE.into()));
        assert!(are_used_up(&rustix::io::Errno::NFILE.into()));
        assert!(!are_used_up(&io::ErrorKind::WouldBlock.into()));
        assert!(!are_used_up(&rustix::io::Errno::CONNABORTED.into()));
    }
}
