//! The examples of the manual pages.

/// The command lines of a page, each with what it does.
pub(super) fn of(name: &str) -> &'static [[&'static str; 2]] {
    match name {
        "bridge" => &[
            [
                "zmtp bridge /dev/ttyUSB0 tcp://server:5555",
                "Connects firmware on a serial line to a server.",
            ],
            [
                "zmtp bridge tcp://127.0.0.1:4444 'tcp://*:5555' --verbose",
                "Listens for peers of firmware in an emulator.",
            ],
        ],
        "channel" => &[[
            "zmtp channel ipc://channel.sock --lines",
            "Sends each line to the peer, and prints its messages.",
        ]],
        "client" => &[[
            "zmtp client tcp://127.0.0.1:5555 hello --receive 1",
            "Sends a message, and prints the first one that comes back.",
        ]],
        "completions" => &[["zmtp completions fish", "Prints the completions for fish."]],
        "dealer" => &[[
            "zmtp dealer tcp://127.0.0.1:5555 '' hello --receive 1",
            "Asks a REP: the empty part ends the envelope.",
        ]],
        "decode" => &[
            [
                "zmtp decode capture.pcap",
                "Prints the frames of each connection in a capture of tcpdump.",
            ],
            [
                "zmtp decode capture.pcap --port 5555 --json",
                "Prints those of one port as JSON, one object per line.",
            ],
        ],
        "dgram" => &[[
            "zmtp dgram 'udp://127.0.0.1:*' 127.0.0.1:5555 hello --receive 1",
            "Sends a datagram, and prints the answer.",
        ]],
        "dish" => &[[
            "zmtp dish udp://239.0.0.1:5555 --group news",
            "Prints the messages to a group that arrive by multicast.",
        ]],
        "gather" => &[["zmtp gather 'tcp://*:5557' --count 3", "Prints three messages."]],
        "keygen" => &[[
            "zmtp keygen server.key",
            "Writes server.key and server.key_secret, and prints the public key.",
        ]],
        "man" => &[["zmtp man ~/.local/share/man/man1", "Installs these pages for one user."]],
        "monitor" => &[[
            "zmtp monitor sub tcp://127.0.0.1:5556 --until ready",
            "Prints events until a publisher is connected.",
        ]],
        "pair" => &[[
            "zmtp pair --bind ipc://pair.sock --lines",
            "Sends each line to the peer, and prints its messages.",
        ]],
        "peer" => {
            &[["zmtp peer --bind 'tcp://*:5558' --echo", "Sends each message back to its sender."]]
        }
        "proxy" => &[
            [
                "zmtp proxy 'xsub=tcp://*:5555' 'xpub=tcp://*:5556'",
                "Forwards messages from publishers to subscribers.",
            ],
            [
                "zmtp proxy 'router=tcp://*:5555' 'dealer=tcp://*:5556'",
                "Forwards requests to services.",
            ],
        ],
        "pub" => &[
            ["zmtp pub tcp://127.0.0.1:5556 --lines", "Publishes each line of stdin."],
            [
                "zmtp pub 'tcp://*:5556' 'news: rain' --forever --interval 1s",
                "Publishes a message every second.",
            ],
        ],
        "pull" => &[
            ["zmtp pull ipc://work.sock --count 3", "Prints three messages."],
            ["zmtp pull 'tcp://*:5557' --json", "Prints each message as JSON."],
        ],
        "push" => &[
            ["zmtp push ipc://work.sock --file report.txt", "Sends a file as a message."],
            [
                "seq 1000 | zmtp push tcp://127.0.0.1:5557 --lines --rate 100",
                "Sends a hundred messages per second.",
            ],
        ],
        "radio" => &[[
            "zmtp radio udp://239.0.0.1:5555 --group news 'it rains'",
            "Sends a message to a group by multicast.",
        ]],
        "rep" => &[
            ["zmtp rep tcp://127.0.0.1:5555 --reply hi", "Answers every request with hi."],
            [
                "zmtp rep ipc://upper.sock --exec 'tr a-z A-Z'",
                "Answers with the output of a command.",
            ],
        ],
        "req" => &[
            ["zmtp req tcp://127.0.0.1:5555 hello", "Sends a request, and prints the reply."],
            [
                "seq 3 | zmtp req tcp://127.0.0.1:5555 --lines --timeout 500ms",
                "Sends each line as a request.",
            ],
        ],
        "router" => {
            &[["zmtp router 'tcp://*:5555' --echo", "Sends each message back to its sender."]]
        }
        "scatter" => &[[
            "seq 1000 | zmtp scatter tcp://127.0.0.1:5557 --lines",
            "Distributes lines to gatherers.",
        ]],
        "server" => {
            &[["zmtp server 'tcp://*:5555' --echo", "Sends each message back to its client."]]
        }
        "stream" => &[[
            "zmtp stream tcp://example.org:80 --raw --idle 2s 'GET /'",
            "Exchanges bytes with a program that does not use ZMTP.",
        ]],
        "sub" => &[
            ["zmtp sub tcp://127.0.0.1:5556 --topic news", "Prints messages that begin with news."],
            [
                "zmtp sub tcp://127.0.0.1:5556 --count 2 --timeout 10s",
                "Prints two messages; fails if none arrives for 10 seconds.",
            ],
        ],
        "xpub" => {
            &[["zmtp xpub 'tcp://*:5556' --json", "Prints the subscriptions of all subscribers."]]
        }
        "xsub" => &[[
            "zmtp xsub tcp://127.0.0.1:5556 --topic news",
            "Prints messages that begin with news.",
        ]],
        "zmtp" => &[
            ["zmtp rep tcp://127.0.0.1:5555 --reply hi", "Answers every request with hi."],
            ["zmtp req tcp://127.0.0.1:5555 hello", "Sends a request, and prints the reply."],
            ["zmtp pub tcp://127.0.0.1:5556 --lines", "Publishes each line of stdin."],
            ["zmtp sub tcp://127.0.0.1:5556 --topic news", "Prints messages that begin with news."],
            ["zmtp pull ipc://work.sock --count 3", "Prints three messages."],
            ["zmtp push ipc://work.sock --file report.txt", "Sends a file as a message."],
        ],
        // A test refuses a page without examples.
        _ => &[],
    }
}
