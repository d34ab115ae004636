#!/usr/bin/env bash
# A LAN on this machine, for tests and for whoever wants to try: network namespaces as hosts, joined by a bridge in a
# namespace of its own. Nothing touches the machine's own network.
#
#   scripts/lan.sh --help
#
# All that a LAN consists of is in the namespaces NAME-*, so `down` finds it whatever has happened meanwhile.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

usage() {
    cat <<'END'
usage: scripts/lan.sh COMMAND [NAME [ARGUMENT...]]          (as root; Linux)

A LAN of network namespaces on this machine. NAME, up to 20 small letters and digits, keeps several apart.

  up NAME HOSTS               make it: h1, h2, ... each with an eth0 at 10.88.0.1, 10.88.0.2, .../24
  subnet NAME HOSTS           further hosts in a second subnet, 10.88.1.x/24, behind a router
  down NAME                   remove all of it; what still runs there loses its network
  list                        the names of the LANs that there are

  exec NAME HOST COMMAND...   run a command on a host
  shell NAME HOST             a shell on a host

  down-link NAME HOST [HOW]   unplug a host's eth0; HOW is silent (it cannot see it; otherwise), cable (its interface
                              loses the carrier) or own (its interface is taken down)
  up-link NAME HOST           and plug it in again
  part NAME H,H/H,H           cut the LAN between these groups; hosts that are not named reach everybody
  heal NAME                   and join it again
  no-multicast NAME           pass neither multicast nor broadcast, but for finding neighbours' addresses
  multicast NAME              and pass them again
  lose NAME PERCENT           lose so many of the UDP packets, at random; 0: none
  rate NAME HOST RATE         no faster than this both ways, as tc writes it (1mbit); none: no limit
  cable NAME HOST MILLISECONDS [SPREAD [PERCENT [SEED]]]
                              frames take so long and up to SPREAD more, overtake one another, and get lost
  firewall NAME HOST [off]    let nothing into a host that is no answer; off: let it in again

  odd NAME HOST               interfaces that lead nowhere, listed before eth0: docker0, tun0 with the default route,
                              and odd0, which has no multicast
  second NAME HOST            an eth1 in the same subnet, at 10.88.x.(100 + the host's number)
  remove NAME HOST INTERFACE  an interface vanishes
  replace NAME HOST INTERFACE ADDRESS
                              another one comes instead of eth0, at this address of the same subnet

For example, in three terminals:

  sudo scripts/lan.sh up demo 2
  sudo scripts/lan.sh exec demo h1 target/release/hybrid-chat --name anna
  sudo scripts/lan.sh exec demo h2 target/release/hybrid-chat --name bert
  sudo scripts/lan.sh down demo

Needs iproute2 and nftables; bad cables need python3. Status: 0 done, 2 wrong command line or not root,
otherwise it failed; that of the command with exec.
END
}

# What is wrong with how it was called.
refuse() {
    echo "lan.sh: $1" >&2
    exit 2
}

# Most hosts of one LAN: their second addresses are a hundred higher, and the router is the 254th.
most_hosts=100
# The interface by which a host is on the LAN comes after all that `odd` adds: these have lower numbers.
eth0_index=100

# --- Machines and cables ------------------------------------------------------------------------------------------

machines() {
    local path
    for path in "/run/netns/$lan"-*; do
        [[ ! -e $path ]] || echo "${path##*-}"
    done
}

has_machine() {
    [[ -e /run/netns/$lan-$1 ]]
}

# On a machine: ip, and anything.
ip_at() {
    ip -n "$lan-$1" "${@:2}"
}

run_at() {
    ip netns exec "$lan-$1" "${@:2}"
}

# A machine without interfaces but loopback. Its IPv6 addresses will be usable at once.
add_machine() {
    ip netns add "$lan-$1"
    # shellcheck disable=SC2016 # it is the inner shell's
    run_at "$1" sh -c 'dad=/proc/sys/net/ipv6/conf/default/accept_dad; [ ! -e "$dad" ] || echo 0 >"$dad"'
    ip_at "$1" link set lo up
}

# cable MACHINE INTERFACE INDEX PORT: from a machine to the switch.
cable() {
    ip_at "$1" link add "$2" index "$3" type veth peer name "$4" netns "$switch"
    ip_at switch link set "$4" up
}

# plug MACHINE INTERFACE INDEX BRIDGE PORT ADDRESS: a machine into a bridge of the switch.
plug() {
    cable "$1" "$2" "$3" "$5"
    ip_at switch link set "$5" master "$4"
    ip_at "$1" addr add "$6/24" broadcast + dev "$2"
    ip_at "$1" link set "$2" up
}

add_bridge() {
    ip_at switch link add "$1" type bridge mcast_snooping 0
    ip_at switch link set "$1" up
}

# add_hosts SUBNET FIRST LAST
add_hosts() {
    local number
    for ((number = $2; number <= $3; number++)); do
        add_machine "h$number"
        plug "h$number" eth0 "$eth0_index" "br$1" "h$number" "10.88.$1.$number"
    done
}

# The address of a host's eth0.
address_of() {
    ip_at "$1" -4 -o addr show dev eth0 | awk '{ sub("/.*", "", $4); print $4 }'
}

# The bridge that a host is plugged into.
bridge_of() {
    local address
    address=$(address_of "$1")
    address=${address%.*}
    echo "br${address##*.}"
}

# Gives a host the router of its subnet, if there is one.
route_by_router() {
    has_machine router || return 0
    local address
    address=$(address_of "$1")
    ip_at "$1" route replace default via "${address%.*}.254" dev eth0
}

check_host() {
    if [[ ! $1 =~ ^h[1-9][0-9]*$ ]] || ! has_machine "$1"; then
        refuse "$lan has no host $1"
    fi
}

check_hosts_count() {
    if [[ ! $1 =~ ^[1-9][0-9]{0,2}$ ]] || (($1 + $2 > most_hosts)); then
        refuse "1 to $((most_hosts - $2)) hosts, not $1"
    fi
}

check_lan() {
    has_machine switch || refuse "there is no LAN $lan: lan.sh up $lan HOSTS"
}

count_hosts() {
    machines | grep -c '^h'
}

# --- Making and removing ------------------------------------------------------------------------------------------

lan_up() {
    check_hosts_count "$1" 0
    [[ -z $(machines) ]] || refuse "$lan is there already: lan.sh down $lan"
    # Half a LAN is none.
    trap lan_down EXIT
    add_machine switch
    add_bridge br0
    add_hosts 0 1 "$1"
    trap - EXIT
}

lan_subnet() {
    local before host
    before=$(count_hosts)
    check_hosts_count "$1" "$before"
    ! has_machine router || refuse "$lan has a second subnet already"
    add_bridge br1
    add_machine router
    plug router eth0 2 br0 router0 10.88.0.254
    plug router eth1 3 br1 router1 10.88.1.254
    run_at router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    add_hosts 1 $((before + 1)) $((before + $1))
    for host in $(machines | grep '^h'); do
        route_by_router "$host"
    done
}

# With the namespaces go the interfaces in them and the rules on them; at the switch run only bad cables.
lan_down() {
    local machine process
    for process in $(has_machine switch && ip netns pids "$switch"); do
        kill "$process" || true # it may just have ended
    done
    for machine in $(machines); do
        ip netns del "$lan-$machine"
    done
}

lans() {
    local path
    for path in /run/netns/*-switch; do
        [[ ! -e $path ]] || basename "$path" -switch
    done
}

# --- What goes wrong on a LAN -------------------------------------------------------------------------------------

lan_down-link() {
    check_host "$1"
    case ${2:-silent} in
    silent) ip_at switch link set "$1" nomaster ;;
    cable) ip_at switch link set "$1" down ;;
    own) ip_at "$1" link set eth0 down ;;
    *) refuse "a link goes down silent, cable or own, not $2" ;;
    esac
}

lan_up-link() {
    check_host "$1"
    ip_at switch link set "$1" master "$(bridge_of "$1")" up
    ip_at "$1" link set eth0 up
    route_by_router "$1"
}

# rules TABLE RULE...: what is not forwarded between the ports of the bridges, instead of what was there before.
rules() {
    {
        printf 'table bridge %s\ndelete table bridge %s\n' "$1" "$1"
        printf 'table bridge %s { chain forward { type filter hook forward priority 0;\n' "$1"
        printf '%s\n' "${@:2}"
        printf '}; }\n'
    } | run_at switch nft -f -
}

no_rules() {
    printf 'table bridge %s\ndelete table bridge %s\n' "$1" "$1" | run_at switch nft -f -
}

# The ports of a group of hosts, as a set of nft; a host may have two.
ports() {
    local host set=""
    for host in ${1//,/ }; do
        check_host "$host"
        set+="$host, ${host}b, "
    done
    [[ -n $set ]] || refuse "a part of a LAN has a host at least"
    echo "{ ${set%, } }"
}

lan_part() {
    [[ $1 == */* ]] || refuse "two parts at least: h1,h2/h3,h4"
    local groups=() cuts=() group one other
    for group in ${1//\// }; do
        one=$(ports "$group")
        groups+=("$one")
    done
    for one in "${groups[@]}"; do
        for other in "${groups[@]}"; do
            [[ $one == "$other" ]] || cuts+=("iifname $one oifname $other drop")
        done
    done
    rules part "${cuts[@]}"
}

lan_heal() {
    no_rules part
}

# Without a neighbour's address not even a typed address would work.
lan_no-multicast() {
    rules quiet 'ether type arp accept' \
        'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept' \
        'ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop'
}

lan_multicast() {
    no_rules quiet
}

lan_lose() {
    [[ $1 =~ ^(0|[1-9][0-9]?|100)$ ]] || refuse "0 to 100 per cent, not $1"
    case $1 in
    0) no_rules loss ;;
    100) rules loss 'meta l4proto udp drop' ;;
    *) rules loss "meta l4proto udp numgen random mod 100 < $1 drop" ;;
    esac
}

lan_rate() {
    check_host "$1"
    tc -n "$lan-$1" qdisc del dev eth0 root 2>/dev/null || true
    tc -n "$switch" qdisc del dev "$1" root 2>/dev/null || true
    [[ $2 != none ]] || return 0
    tc -n "$lan-$1" qdisc add dev eth0 root tbf rate "$2" burst 16kb latency 100ms
    tc -n "$switch" qdisc add dev "$1" root tbf rate "$2" burst 16kb latency 100ms
}

# The host's port becomes a cable's far end, and a new port its near end.
lan_cable() {
    check_host "$1"
    local number bridge
    for number in "${@:2}"; do
        [[ $number =~ ^[0-9]{1,9}$ ]] || refuse "a cable is described by numbers, not $number"
    done
    ! ip_at switch link show "${1}far" >/dev/null 2>&1 || refuse "$1 has such a cable already"
    bridge=$(bridge_of "$1")
    ip_at switch link set "$1" nomaster
    ip_at switch link set "$1" down
    ip_at switch link set "$1" name "${1}far" up
    ip_at switch link add "$1" type veth peer name "${1}near"
    ip_at switch link set "${1}near" up
    ip_at switch link set "$1" master "$bridge" up
    run_at switch "$(dirname "$0")/lan-cable.py" "${1}near" "${1}far" "$2" "${3:-0}" "${4:-0}" "${5:-1}" \
        </dev/null >/dev/null 2>&1
}

lan_firewall() {
    check_host "$1"
    local table='table inet firewall'
    printf '%s\ndelete %s\n' "$table" "$table" | run_at "$1" nft -f -
    [[ ${2:-on} == on ]] || return 0
    run_at "$1" nft -f - <<END
$table { chain input { type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
}; }
END
}

# --- Odd machines -------------------------------------------------------------------------------------------------

lan_odd() {
    check_host "$1"
    ip_at "$1" link add docker0 index 10 type bridge
    ip_at "$1" link add veth0a1b2c3 index 11 master docker0 type veth peer name veth3c2b1a0 index 12
    ip_at "$1" addr add 172.17.0.1/16 broadcast + dev docker0
    cable "$1" odd0 13 "$1odd"
    ip_at "$1" link set odd0 multicast off
    ip_at "$1" addr add "10.99.0.${1#h}/24" broadcast + dev odd0
    ip_at "$1" tuntap add dev tun0 mode tun
    ip_at "$1" addr add 10.8.0.2 peer 10.8.0.1 dev tun0
    local interface
    for interface in docker0 veth0a1b2c3 veth3c2b1a0 odd0 tun0; do
        ip_at "$1" link set "$interface" up
    done
    ip_at "$1" route replace default dev tun0
}

lan_second() {
    check_host "$1"
    local address
    address=$(address_of "$1")
    plug "$1" eth1 $((eth0_index + 1)) "$(bridge_of "$1")" "${1}b" "${address%.*}.$((100 + ${1#h}))"
}

lan_remove() {
    check_host "$1"
    ip_at "$1" link del "$2"
}

lan_replace() {
    check_host "$1"
    ! ip_at "$1" link show eth0 >/dev/null 2>&1 || refuse "$1 still has its eth0: lan.sh remove $lan $1 eth0"
    local subnet=${3%.*}
    plug "$1" "$2" "$eth0_index" "br${subnet##*.}" "$1" "$3"
}

# --- The command line ---------------------------------------------------------------------------------------------

lan_exec() {
    check_host "$1"
    exec ip netns exec "$lan-$1" "${@:2}"
}

lan_shell() {
    check_host "$1"
    PS1="$lan $1 \\w# " exec ip netns exec "$lan-$1" bash --norc
}

# arguments LEAST MOST COUNT
arguments() {
    (($3 >= $1 && $3 <= $2)) || refuse "wrong number of arguments; lan.sh --help shows them"
}

check_arguments() {
    case $1 in
    down | heal | no-multicast | multicast) arguments 0 0 "$2" ;;
    up | subnet | part | lose | up-link | odd | second | shell) arguments 1 1 "$2" ;;
    down-link | firewall) arguments 1 2 "$2" ;;
    rate | remove) arguments 2 2 "$2" ;;
    cable) arguments 2 5 "$2" ;;
    replace) arguments 3 3 "$2" ;;
    exec) arguments 2 1000 "$2" ;;
    *) refuse "no command $1; lan.sh --help shows them" ;;
    esac
}

case ${1:---help} in
-h | --help | help) usage && exit ;;
esac
((EUID == 0)) || refuse "needs root, to make network namespaces: sudo scripts/lan.sh ..."
for tool in ip tc nft; do
    command -v "$tool" >/dev/null || refuse "needs $tool: apt-get install iproute2 nftables"
done
command=$1
if [[ $command == list ]]; then
    lans
    exit
fi
lan=${2:-}
[[ $lan =~ ^[a-z0-9]{1,20}$ ]] || refuse "the LAN's name: 1 to 20 small letters and digits, not '$lan'"
switch=$lan-switch
shift 2
check_arguments "$command" $#
[[ $command == up || $command == down ]] || check_lan
"lan_$command" "$@"
