#!/bin/sh
# Measures the clients of zmtp-embedded/footprint and checks them against its budgets: flash on three
# targets at the smaller of opt-level "s" and "z", RAM of the sockets, stack and instructions under QEMU, with
# NULL and with CURVE.
# No client may contain a reachable panic (the panic handler does not link) or `core::fmt`.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
clients=zmtp-embedded/footprint
results=$CARGO_TARGET_DIR/footprint
rm -rf "$results"

# `build` runs cargo for a target. `built` prints the path of a program: in one of two directories,
# depending on the compiler that .ci/no-std-cargo.sh chose.
build() { # <arguments>
  .ci/no-std-cargo.sh "$target" build --quiet --profile firmware "$@"
}
built() { # <program>
  ls -t "$CARGO_TARGET_DIR/$target/firmware/$1" "$CARGO_TARGET_DIR/build-std/$target/firmware/$1" \
    2>/dev/null | head -n 1
}

measure() { # in a shell of its own
  for level in s z; do
    export CARGO_PROFILE_FIRMWARE_OPT_LEVEL=$level ZMTP_CORE_LEVEL=$level
    mkdir -p "$results/$target/$level"
    build --manifest-path "$clients/Cargo.toml" --bins
    for source in "$clients"/src/bin/*.rs; do
      client=$(basename "$source" .rs)
      case $client in planted | req_curve) continue ;; esac
      cp "$(built "$client")" "$results/$target/$level/$client"
    done
    for feature in chunks heartbeat; do
      build --manifest-path "$clients/Cargo.toml" --bin req --features "$feature"
      cp "$(built req)" "$results/$target/$level/req_$feature"
    done
    # At "z" these three packages stay at "s": otherwise a comparison of two lengths keeps its panic.
    profile=profile.firmware.package
    build_curve() { # <arguments>
      build "$@" --features curve \
        --config "$profile.zmtp-core.opt-level='s'" --config "$profile.salsa20.opt-level='s'" \
        --config "$profile.poly1305.opt-level='s'"
    }
    build_curve --manifest-path "$clients/Cargo.toml" --bin req_curve
    cp "$(built req_curve)" "$results/$target/$level/req_curve"
    if errors=$(build --manifest-path "$clients/Cargo.toml" --bin planted --features planted 2>&1); then
      echo "$target, opt-level $level: the deliberate panic was linked: this check cannot detect panics" >&2
      exit 1
    fi
    case $errors in
      *a_panic_is_reachable*) ;;
      *) printf '%s\n' "$errors" >&2; exit 1 ;;
    esac
    # The smaller stack depth of the two levels is used, as for flash.
    build --manifest-path tests/firmware/Cargo.toml --no-default-features --bin cost
    build_curve --manifest-path tests/firmware/Cargo.toml --no-default-features --bin cost_curve
    case $target in
      thumbv6m*) board="qemu-system-arm -M microbit" ;;
      thumbv7m*) board="qemu-system-arm -M mps2-an385" ;;
      riscv32*) board="qemu-system-riscv32 -M virt -bios none" ;;
    esac
    for program in cost cost_curve; do
      # shellcheck disable=SC2086
      timeout 60 $board -display none -monitor none -serial none -icount shift=6 \
        -semihosting-config enable=on,target=native -kernel "$(built $program)" \
        >>"$results/$target/$level/costs" </dev/null
    done
  done
}

# The targets side by side, each in a folder of its own: cargo locks a folder, and one CPU optimizes a program.
folder=$CARGO_TARGET_DIR
measured=
for target in thumbv6m-none-eabi thumbv7m-none-eabi riscv32imc-unknown-none-elf; do
  export CARGO_TARGET_DIR="$folder/clients/$target"
  measure &
  measured="$measured $target:$!"
done
failed=0
for each in $measured; do
  wait "${each#*:}" || { echo "${each%:*} FAILED" >&2; failed=1; }
done
[ "$failed" = 0 ] || exit 1
python3 .ci/footprint.py "$results" "$clients/budgets"
