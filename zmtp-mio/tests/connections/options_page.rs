//! The pages name every option, function, constant and error of libzmq 4.3.5, pyzmq and rust-zmq.

/// The names of libzmq 4.3.5, with the drafts and the deprecated ones.
const HEADER: &str = include_str!("../../libzmq/include/zmq.h");

#[test]
fn every_option_and_constant_of_libzmq_has_a_row() {
    let page = include_str!("../../docs/options.md");
    let options = section(page, "## Options", "## Calls");
    let page = include_str!("../../docs/coming_from.md");
    let constants = first_column(section(page, "\n## Constants", "\n## "));
    let defined = HEADER.lines().filter_map(|line| line.strip_prefix("#define ZMQ_"));
    let names: Vec<&str> =
        defined.filter_map(|rest| rest.split(|c| !is_of_a_name(c)).next()).collect();
    assert!(names.len() > 200, "{names:?}");
    let missing: Vec<&str> = names
        .into_iter()
        .filter(|name| !options.contains(&format!("`{name}`")))
        .filter(|name| !constants.contains(&format!("`ZMQ_{name}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for row in options.lines().filter(|row| row.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 8, "{row}");
        // An option that is missing here has a reason.
        assert!(cells[2] != "-" || !cells[6].is_empty(), "{row}");
        assert!(!row.contains("not yet"), "{row}");
    }
}

#[test]
fn every_function_of_libzmq_has_a_row() {
    let page = include_str!("../../docs/coming_from.md");
    let first = first_column(section(page, "\n# Coming from libzmq", "\n# "));
    let words = HEADER.split(|c| !is_of_a_name(c) && c != '(');
    let functions: Vec<&str> = words
        .filter_map(|word| word.split_once('('))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("zmq_"))
        .collect();
    assert!(functions.len() > 90, "{functions:?}");
    let missing: Vec<&str> =
        functions.into_iter().filter(|name| !first.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The values of `errno` in the header and the manual pages of libzmq 4.3.5, and of `zmq::Error` of the crate `zmq` 0.10.
const ERRNO: &str = "
    EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EBADF EBUSY ECONNABORTED ECONNREFUSED
    ECONNRESET EFAULT EFSM EHOSTUNREACH EINPROGRESS EINTR EINVAL EMFILE EMSGSIZE EMTHREAD
    ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENOBUFS ENOCOMPATPROTO ENODEV ENOENT ENOMEM
    ENOTCONN ENOTSOCK ENOTSUP EPROTO EPROTONOSUPPORT ETERM ETIMEDOUT
";

#[test]
fn every_errno_of_libzmq_and_every_variant_of_the_error_has_a_row() {
    let page = include_str!("../../docs/coming_from.md");
    let errors = section(page, "\n## Errors", "\n# ");
    let missing: Vec<&str> = ERRNO
        .split_whitespace()
        .filter(|name| !first_column(errors).contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");

    let source = include_str!("../../src/error.rs");
    let variants = section(source, "\npub enum Error {", "\n}");
    let names = variants.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?.split(|c: char| !c.is_alphanumeric()).next()?;
        name.starts_with(char::is_uppercase).then_some(name)
    });
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 20, "{names:?}");
    let missing: Vec<&str> =
        names.into_iter().filter(|name| !errors.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What follows a heading, up to the next one.
fn section<'a>(page: &'a str, heading: &str, next: &str) -> &'a str {
    page.split_once(heading).unwrap().1.split(next).next().unwrap()
}

fn first_column(section: &str) -> String {
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.filter_map(|row| row.split(" | ").next()).collect()
}

/// The public names of pyzmq 27.3 that a program calls: methods with their class if another class has the same name.
const PYZMQ: &str = "
    Context.closed Context.destroy Context.get Context.instance Context.set Context.shadow
    Context.shadow_pyczmq Context.socket Context.term Context.underlying
    Socket.bind bind_to_random_port Socket.close Socket.closed Socket.connect Socket.context copy_threshold
    disable_monitor Socket.disconnect fileno Socket.get get_hwm get_monitor_socket get_string getsockopt
    getsockopt_string getsockopt_unicode hwm Socket.join Socket.leave Socket.monitor Socket.poll Socket.recv
    recv_into recv_json recv_multipart recv_pyobj recv_serialized recv_string recv_unicode Socket.send send_json
    send_multipart send_pyobj send_serialized send_string send_unicode Socket.set set_hwm set_string setsockopt
    setsockopt_string setsockopt_unicode Socket.shadow socket_type Socket.subscribe Socket.unbind Socket.underlying
    Socket.unsubscribe Poller.modify Poller.poll Poller.register Poller.unregister Frame.buffer Frame.bytes
    Frame.get Frame.group Frame.more Frame.routing_id Frame.set Frame.tracker Frame.tracker_event
    MessageTracker.done MessageTracker.wait zmq.Again zmq.ContextTerminated zmq.InterruptedSystemCall zmq.NotDone
    zmq.Stopwatch zmq.ZMQBindError zmq.ZMQError zmq.ZMQVersionError zmq.curve_keypair zmq.curve_public zmq.device
    zmq.get_includes zmq.get_library_dirs zmq.has zmq.proxy zmq.proxy_steerable zmq.pyzmq_version
    zmq.pyzmq_version_info zmq.select zmq.strerror zmq.zmq_errno zmq.zmq_poll zmq.zmq_version zmq.zmq_version_info
    zmq.auth.Authenticator CURVE_ALLOW_ANY create_certificates load_certificate load_certificates
    AsyncioAuthenticator ThreadAuthenticator MonitoredQueue ProcessDevice ProcessMonitoredQueue ProcessProxy
    ProcessProxySteerable ThreadDevice ThreadMonitoredQueue ThreadProxy ThreadProxySteerable monitored_queue
    recv_monitor_message parse_monitor_message tunnel_connection ssh_tunnel openssh_tunnel paramiko_tunnel
    try_passwordless_ssh zmq.asyncio.Socket zmq.asyncio.Poller zmq.green ZMQStream zmq.utils.z85 zmq.decorators
    zmq.log.handlers.PUBHandler
";

/// The public functions of the crate `zmq` 0.10, without the getters and setters of options.
const RUST_ZMQ: &str = "
    Context::new Context::socket Context::destroy get_io_threads set_io_threads bind unbind connect disconnect
    get_last_endpoint get_socket_type get_mechanism get_rcvmore get_events get_fd set_subscribe set_unsubscribe send
    send_str send_msg send_multipart recv recv_msg recv_bytes recv_into recv_string recv_multipart Socket::poll
    zmq::poll as_poll_item PollItem::from_fd set_events get_revents has_socket has_fd is_readable is_writable
    is_error zmq::proxy proxy_with_capture proxy_steerable proxy_steerable_with_capture monitor Message::new
    with_size with_capacity with_capacity_unallocated from_slice as_str gets get_more CurveKeyPair::new z85_encode
    z85_decode zmq::Error to_raw message from_raw into_raw as_mut_ptr msg_ptr zmq::version zmq::has
";

/// The options for which the crate `zmq` 0.10 has a getter or a setter.
const RUST_ZMQ_OPTIONS: &str = "
    affinity backlog conflate connect_timeout curve_publickey curve_secretkey curve_server curve_serverkey
    gssapi_plaintext gssapi_principal gssapi_server gssapi_service_principal handshake_ivl heartbeat_ivl
    heartbeat_timeout heartbeat_ttl identity immediate ipv6 linger maxmsgsize mechanism multicast_hops
    plain_password plain_server plain_username probe_router rate rcvbuf rcvhwm rcvtimeo reconnect_ivl
    reconnect_ivl_max recovery_ivl req_correlate req_relaxed router_handover router_mandatory sndbuf sndhwm
    sndtimeo socks_proxy subscribe tcp_keepalive tcp_keepalive_cnt tcp_keepalive_idle tcp_keepalive_intvl tos
    unsubscribe xpub_verbose xpub_welcome_msg zap_domain
";

/// The names that are not in the first column of the table with this heading.
fn missing_names<'a>(page: &str, heading: &str, names: &'a str) -> Vec<&'a str> {
    let first = first_column(section(page, heading, "\n# "));
    let code: Vec<&str> = first.split('`').skip(1).step_by(2).collect();
    let has = |name: &str| {
        code.iter().any(|code| {
            // With arguments, or after its class.
            let code = code.split('(').next().unwrap_or_default();
            code == name || code.rsplit('.').next() == Some(name)
        })
    };
    names.split_whitespace().filter(|name| !has(name)).collect()
}

#[test]
fn every_function_of_the_bindings_has_a_row() {
    let page = include_str!("../../docs/coming_from.md");
    assert_eq!(missing_names(page, "# Coming from pyzmq", PYZMQ), [""; 0]);
    assert_eq!(missing_names(page, "# Coming from rust-zmq", RUST_ZMQ), [""; 0]);
    let options = include_str!("../../docs/options.md");
    let missing: Vec<&str> = RUST_ZMQ_OPTIONS
        .split_whitespace()
        .filter(|name| !options.contains(&format!("`{}`", name.to_uppercase())))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
