//! The pages name every option and every function of libzmq 4.3.5.

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
