//! The pages name every option, function, constant and error of libzmq 4.3.5, pyzmq and rust-zmq.

/// The socket and context options in `zmq.h`, with the drafts and the deprecated names.
const OPTIONS: &str = "
    AFFINITY BACKLOG BINDTODEVICE BLOCKY BUSY_POLL CONFLATE CONNECT_ROUTING_ID CONNECT_TIMEOUT
    CURVE_PUBLICKEY CURVE_SECRETKEY CURVE_SERVER CURVE_SERVERKEY DELAY_ATTACH_ON_CONNECT
    DISCONNECT_MSG EVENTS FD GSSAPI_PLAINTEXT GSSAPI_PRINCIPAL GSSAPI_PRINCIPAL_NAMETYPE
    GSSAPI_SERVER GSSAPI_SERVICE_PRINCIPAL GSSAPI_SERVICE_PRINCIPAL_NAMETYPE HANDSHAKE_IVL
    HEARTBEAT_IVL HEARTBEAT_TIMEOUT HEARTBEAT_TTL HELLO_MSG HICCUP_MSG IDENTITY IMMEDIATE
    INVERT_MATCHING IN_BATCH_SIZE IO_THREADS IPC_FILTER_GID IPC_FILTER_PID IPC_FILTER_UID IPV4ONLY
    IPV6 LAST_ENDPOINT LINGER LOOPBACK_FASTPATH MAXMSGSIZE MAX_MSGSZ MAX_SOCKETS MECHANISM METADATA
    MSG_T_SIZE MULTICAST_HOPS MULTICAST_LOOP MULTICAST_MAXTPDU NORM_BLOCK_SIZE NORM_BUFFER_SIZE
    NORM_MODE NORM_NUM_AUTOPARITY NORM_NUM_PARITY NORM_PUSH NORM_SEGMENT_SIZE NORM_UNICAST_NACK
    ONLY_FIRST_SUBSCRIBE OUT_BATCH_SIZE PLAIN_PASSWORD PLAIN_SERVER PLAIN_USERNAME PRIORITY
    PROBE_ROUTER RATE RCVBUF RCVHWM RCVMORE RCVTIMEO RECONNECT_IVL RECONNECT_IVL_MAX RECONNECT_STOP
    RECOVERY_IVL REQ_CORRELATE REQ_RELAXED ROUTER_HANDOVER ROUTER_MANDATORY ROUTER_NOTIFY ROUTER_RAW
    ROUTING_ID SNDBUF SNDHWM SNDTIMEO SOCKET_LIMIT SOCKS_PASSWORD SOCKS_PROXY SOCKS_USERNAME
    STREAM_NOTIFY SUBSCRIBE TCP_ACCEPT_FILTER TCP_KEEPALIVE TCP_KEEPALIVE_CNT TCP_KEEPALIVE_IDLE
    TCP_KEEPALIVE_INTVL TCP_MAXRT THREAD_AFFINITY_CPU_ADD THREAD_AFFINITY_CPU_REMOVE
    THREAD_NAME_PREFIX THREAD_PRIORITY THREAD_SAFE THREAD_SCHED_POLICY TOPICS_COUNT TOS TYPE
    UNSUBSCRIBE USE_FD VMCI_BUFFER_MAX_SIZE VMCI_BUFFER_MIN_SIZE VMCI_BUFFER_SIZE
    VMCI_CONNECT_TIMEOUT WSS_CERT_PEM WSS_HOSTNAME WSS_KEY_PEM WSS_TRUST_PEM WSS_TRUST_SYSTEM
    XPUB_MANUAL XPUB_MANUAL_LAST_VALUE XPUB_NODROP XPUB_VERBOSE XPUB_VERBOSER XPUB_WELCOME_MSG
    XSUB_VERBOSE_UNSUBSCRIBE ZAP_DOMAIN ZAP_ENFORCE_DOMAIN ZERO_COPY_RECV
";

#[test]
fn every_option_of_libzmq_has_a_row() {
    let page = include_str!("../../docs/options.md");
    let table = page.split_once("## Options").unwrap().1.split_once("## Calls").unwrap().0;
    let missing: Vec<&str> = OPTIONS
        .split_whitespace()
        .filter(|option| !table.contains(&format!("`{option}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for row in table.lines().filter(|row| row.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 8, "{row}");
        // An option that is missing here has a reason.
        assert!(cells[2] != "-" || !cells[6].is_empty(), "{row}");
        assert!(!row.contains("not yet"), "{row}");
    }
}

/// The functions in `zmq.h`, with the drafts, without `zmq_`.
const FUNCTIONS: &str = "
    atomic_counter_dec atomic_counter_destroy atomic_counter_inc atomic_counter_new
    atomic_counter_set atomic_counter_value bind close connect connect_peer ctx_destroy ctx_get
    ctx_get_ext ctx_new ctx_set ctx_set_ext ctx_shutdown ctx_term curve_keypair curve_public device
    disconnect disconnect_peer errno getsockopt has init join leave msg_close msg_copy msg_data msg_get msg_gets
    msg_group msg_init msg_init_buffer msg_init_data msg_init_size msg_more msg_move msg_recv
    msg_routing_id msg_send msg_set msg_set_group msg_set_routing_id msg_size poll poller_add
    poller_add_fd poller_destroy poller_fd poller_modify poller_modify_fd poller_new poller_remove
    poller_remove_fd poller_size poller_wait poller_wait_all ppoll proxy proxy_steerable recv
    recviov recvmsg send send_const sendiov sendmsg setsockopt sleep socket socket_get_peer_state
    socket_monitor socket_monitor_pipes_stats socket_monitor_versioned stopwatch_intermediate
    stopwatch_start stopwatch_stop strerror term threadclose threadstart timers_add timers_cancel
    timers_destroy timers_execute timers_new timers_reset timers_set_interval timers_timeout unbind
    version z85_decode z85_encode
";

#[test]
fn every_function_of_libzmq_has_a_row() {
    let page = include_str!("../../docs/coming_from.md");
    let missing: Vec<&str> = FUNCTIONS
        .split_whitespace()
        .filter(|function| !page.contains(&format!("`zmq_{function}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The other constants in `zmq.h`, without `ZMQ_`, with the drafts and the deprecated names.
const CONSTANTS: &str = "
    CHANNEL CLIENT CONNECT_RID CURRENT_EVENT_VERSION CURRENT_EVENT_VERSION_DRAFT CURVE DEALER
    DEFINED_STDINT DGRAM DISH DONTWAIT EVENT_ACCEPTED EVENT_ACCEPT_FAILED EVENT_ALL EVENT_ALL_V1
    EVENT_ALL_V2 EVENT_BIND_FAILED EVENT_CLOSED EVENT_CLOSE_FAILED EVENT_CONNECTED
    EVENT_CONNECT_DELAYED EVENT_CONNECT_RETRIED EVENT_DISCONNECTED EVENT_HANDSHAKE_FAILED_AUTH
    EVENT_HANDSHAKE_FAILED_NO_DETAIL EVENT_HANDSHAKE_FAILED_PROTOCOL EVENT_HANDSHAKE_SUCCEEDED
    EVENT_LISTENING EVENT_MONITOR_STOPPED EVENT_PIPES_STATS EXPORT FAIL_UNROUTABLE FORWARDER
    GATHER GROUP_MAX_LENGTH GSSAPI GSSAPI_NT_HOSTBASED GSSAPI_NT_KRB5_PRINCIPAL
    GSSAPI_NT_USER_NAME HAS_CAPABILITIES HAUSNUMERO IO_THREADS_DFLT MAX_SOCKETS_DFLT MORE
    MSG_PROPERTY_PEER_ADDRESS MSG_PROPERTY_ROUTING_ID MSG_PROPERTY_SOCKET_TYPE
    MSG_PROPERTY_USER_ID NOBLOCK NORM_CC NORM_CCE NORM_CCE_ECNONLY NORM_CCL NORM_FIXED
    NOTIFY_CONNECT NOTIFY_DISCONNECT NULL PAIR PEER PLAIN POLLERR POLLIN POLLITEMS_DFLT POLLOUT
    POLLPRI PROTOCOL_ERROR_WS_UNSPECIFIED PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID
    PROTOCOL_ERROR_ZAP_BAD_VERSION PROTOCOL_ERROR_ZAP_INVALID_METADATA
    PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE PROTOCOL_ERROR_ZAP_MALFORMED_REPLY
    PROTOCOL_ERROR_ZAP_UNSPECIFIED PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
    PROTOCOL_ERROR_ZMTP_INVALID_METADATA PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE
    PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
    PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND PROTOCOL_ERROR_ZMTP_UNSPECIFIED PUB PULL PUSH QUEUE
    RADIO RECONNECT_STOP_AFTER_DISCONNECT RECONNECT_STOP_CONN_REFUSED
    RECONNECT_STOP_HANDSHAKE_FAILED REP REQ ROUTER ROUTER_BEHAVIOR SCATTER SERVER SHARED SNDMORE
    SRCFD STREAM STREAMER SUB THREAD_PRIORITY_DFLT THREAD_SCHED_POLICY_DFLT VERSION
    VERSION_MAJOR VERSION_MINOR VERSION_PATCH XPUB XREP XREQ XSUB
";

/// The values of `errno` in `zmq.h`, in the manual pages of libzmq 4.3.5, and of `zmq::Error` of the crate `zmq` 0.10.
const ERRNO: &str = "
    EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EBADF EBUSY ECONNABORTED ECONNREFUSED
    ECONNRESET EFAULT EFSM EHOSTUNREACH EINPROGRESS EINTR EINVAL EMFILE EMSGSIZE EMTHREAD
    ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENOBUFS ENOCOMPATPROTO ENODEV ENOENT ENOMEM
    ENOTCONN ENOTSOCK ENOTSUP EPROTO EPROTONOSUPPORT ETERM ETIMEDOUT
";

#[test]
fn every_constant_of_libzmq_has_a_row() {
    let page = include_str!("../../docs/coming_from.md");
    let constants = section(page, "\n## Constants", "\n## ");
    let missing: Vec<&str> = CONSTANTS
        .split_whitespace()
        .filter(|name| !first_column(constants).contains(&format!("`ZMQ_{name}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

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
