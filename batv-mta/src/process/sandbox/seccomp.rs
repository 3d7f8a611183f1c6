//! A filter of system calls (seccomp(2)): those that the worker makes are let through, all others fail with EPERM.
//!
//! A call that starts or inspects a process kills the worker instead: the daemon never makes one, so an attacker does, and
//! gets no second try. The supervisor logs how it ended.

use alloc::collections::BTreeMap;
use std::process;

use libc::c_long;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use super::needs::Needs;
use super::state::State;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: TargetArch = TargetArch::aarch64;

const NOT_PERMITTED: SeccompAction = SeccompAction::Errno(libc::EPERM.cast_unsigned());
const NOT_THERE: SeccompAction = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
/// Where socket(2) has the kind.
const SOCKET_KIND: u64 = 0xf;
/// Non-blocking mode, and the number of octets to read. C libraries differ in the sign of these numbers.
const FIONBIO: i32 = 0x5421;
const FIONREAD: i32 = 0x541b;

/// Memory, threads, time, and the connections that are there: with any arguments.
const ALWAYS: &[c_long] = &[
    libc::SYS_accept4,
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    // Refused by the other filter, and so that the C library does with `clone`.
    libc::SYS_clone3,
    libc::SYS_clone,
    libc::SYS_close,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpeername,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sendto,
    libc::SYS_set_robust_list,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    libc::SYS_sigaltstack,
    libc::SYS_write,
    libc::SYS_writev,
];

/// The older names of some of them.
#[cfg(target_arch = "x86_64")]
const OLD: &[c_long] = &[libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_time];
#[cfg(target_arch = "aarch64")]
const OLD: &[c_long] = &[];

/// Files: which, Landlock says. None of these makes anything but a file.
const FILES: &[c_long] = &[
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_fchown,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_geteuid,
    libc::SYS_getuid,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_readlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_statx,
    libc::SYS_unlinkat,
    libc::SYS_utimensat,
];

#[cfg(target_arch = "x86_64")]
const OLD_FILES: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_lstat,
    libc::SYS_open,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_stat,
    libc::SYS_unlink,
];
#[cfg(target_arch = "aarch64")]
const OLD_FILES: &[c_long] = &[];

/// Connections that it begins itself: to which port, Landlock says.
const CONNECTIONS: &[c_long] = &[libc::SYS_connect, libc::SYS_sendmsg];
/// Further calls of getaddrinfo(3).
const HOST_NAMES: &[c_long] = &[libc::SYS_bind, libc::SYS_sendmmsg, libc::SYS_uname];

/// Starts a program or a process, or looks into one.
const NEVER: &[c_long] =
    &[libc::SYS_execve, libc::SYS_execveat, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_ptrace];
#[cfg(target_arch = "x86_64")]
const OLD_NEVER: &[c_long] = &[libc::SYS_fork, libc::SYS_vfork];
#[cfg(target_arch = "aarch64")]
const OLD_NEVER: &[c_long] = &[];

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Lets nothing but this through.
pub(super) fn filter(needs: &Needs) -> State {
    match attempt(needs) {
        Ok(()) => State::Active,
        Err(error) => State::Missing(error.to_string()),
    }
}

fn attempt(needs: &Needs) -> Result<(), Error> {
    // The strictest of several filters counts. The last one denies further filters.
    let filters = [
        program(never()?, SeccompAction::Allow, SeccompAction::KillProcess)?,
        program(without_arguments(&[libc::SYS_clone3]).collect(), SeccompAction::Allow, NOT_THERE)?,
        program(allowed(needs)?, NOT_PERMITTED, SeccompAction::Allow)?,
    ];
    filters.iter().try_for_each(|filter| apply_filter(filter))
}

fn program(rules: Rules, otherwise: SeccompAction, action: SeccompAction) -> Result<BpfProgram, Error> {
    Ok(SeccompFilter::new(rules, otherwise, action, ARCHITECTURE)?.try_into()?)
}

fn never() -> Result<Rules, Error> {
    let mut rules: Rules = without_arguments(NEVER).chain(without_arguments(OLD_NEVER)).collect();
    // Of a thread it is not said: it stays in this process. The arguments of `clone3` no filter can see.
    rules.insert(libc::SYS_clone, vec![masked(0, libc::CLONE_THREAD, 0)?]);
    Ok(rules)
}

fn allowed(needs: &Needs) -> Result<Rules, Error> {
    let connects = !needs.ports.is_empty() || needs.host_names || needs.local_sockets;
    let reads = !needs.folders.is_empty() || !needs.readable.is_empty() || needs.host_names;
    let groups = [
        (true, ALWAYS),
        (true, OLD),
        (reads, FILES),
        (reads, OLD_FILES),
        (connects, CONNECTIONS),
        (needs.host_names, HOST_NAMES),
    ];
    let mut rules: Rules = groups
        .into_iter()
        .filter(|(is_needed, _)| *is_needed)
        .flat_map(|(_, calls)| without_arguments(calls))
        .collect();
    // No new code: but getaddrinfo(3) may load a library.
    let memory = if needs.host_names { Vec::new() } else { vec![masked(2, libc::PROT_EXEC, 0)?] };
    rules.insert(libc::SYS_mmap, memory.clone());
    rules.insert(libc::SYS_mprotect, memory);
    rules.insert(libc::SYS_fcntl, descriptor_commands()?);
    rules.insert(libc::SYS_prctl, vec![equal(0, libc::PR_SET_NAME)?]);
    rules.insert(libc::SYS_tgkill, vec![equal(0, process::id().cast_signed())?]);
    let mut on_descriptors = vec![equal(1, FIONBIO)?];
    if needs.host_names {
        on_descriptors.push(equal(1, FIONREAD)?);
    }
    rules.insert(libc::SYS_ioctl, on_descriptors);
    rules.insert(libc::SYS_socketpair, vec![equal(0, libc::AF_UNIX)?]);
    if connects {
        rules.insert(libc::SYS_socket, sockets(needs)?);
    }
    Ok(rules)
}

/// What it does to descriptors: none of it has the kernel send signals, to whomever, as F_SETOWN and F_SETSIG do.
fn descriptor_commands() -> Result<Vec<SeccompRule>, Error> {
    let commands = [
        libc::F_DUPFD_CLOEXEC,
        libc::F_GETFD,
        libc::F_GETFL,
        // The locks of SQLite.
        libc::F_GETLK,
        libc::F_SETFD,
        libc::F_SETLK,
        libc::F_SETLKW,
    ];
    let mut rules = commands.into_iter().map(|command| equal(1, command)).collect::<Result<Vec<_>, _>>()?;
    let without_signals = SeccompCmpOp::MaskedEq(libc::O_ASYNC.cast_unsigned().into());
    let flags = vec![condition(1, SeccompCmpOp::Eq, libc::F_SETFL)?, condition(2, without_signals, 0)?];
    rules.push(SeccompRule::new(flags)?);
    Ok(rules)
}

/// The kinds of sockets that it makes.
fn sockets(needs: &Needs) -> Result<Vec<SeccompRule>, Error> {
    let mut rules = Vec::new();
    if needs.local_sockets || needs.host_names {
        rules.push(equal(0, libc::AF_UNIX)?);
    }
    for family in [libc::AF_INET, libc::AF_INET6] {
        if needs.host_names {
            rules.push(equal(0, family)?);
        } else if !needs.ports.is_empty() {
            // Landlock restricts only the ports of TCP. The kind is masked, because it has flags.
            let is_stream = condition(1, SeccompCmpOp::MaskedEq(SOCKET_KIND), libc::SOCK_STREAM)?;
            rules.push(SeccompRule::new(vec![condition(0, SeccompCmpOp::Eq, family)?, is_stream])?);
        }
    }
    if needs.host_names {
        // It reads the addresses of the host, to sort its results (RFC 6724).
        rules.push(equal(0, libc::AF_NETLINK)?);
    }
    Ok(rules)
}

fn without_arguments(calls: &[c_long]) -> impl Iterator<Item = (c_long, Vec<SeccompRule>)> {
    calls.iter().map(|call| (*call, Vec::new()))
}

fn equal(argument: u8, value: i32) -> Result<SeccompRule, Error> {
    Ok(SeccompRule::new(vec![condition(argument, SeccompCmpOp::Eq, value)?])?)
}

fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompRule, Error> {
    let mask = SeccompCmpOp::MaskedEq(mask.cast_unsigned().into());
    Ok(SeccompRule::new(vec![condition(argument, mask, value)?])?)
}

/// All of these arguments are 32 bits wide: the kernel ignores the upper bits.
fn condition(argument: u8, operator: SeccompCmpOp, value: i32) -> Result<SeccompCondition, Error> {
    let value = value.cast_unsigned().into();
    Ok(SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?)
}
