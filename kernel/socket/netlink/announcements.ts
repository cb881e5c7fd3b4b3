// What is announced on NETLINK_ROUTE's groups (man 7 rtnetlink): links, addresses and routes as they change.

import * as abi from "../../abi/netlink";
import { ChangeObserver, setChangeObserver } from "../../net/changes";
import { Interface, InterfaceAddress } from "../../net/ip/interface";
import { Route } from "../../net/ip/routes";
import { Reply } from "./reply";
import * as route from "./route";
import { announce, hasMembers } from "./socket";

const message = new Reply();

class Announcer extends ChangeObserver {
  linkChanged(on: Interface): void {
    if (!hasMembers(abi.RTMGRP_LINK)) return;
    message.begin(0, 0);
    route.putLink(message, on, 0);
    announce(message, abi.RTMGRP_LINK);
  }

  addressChanged(on: Interface, entry: InterfaceAddress, isGone: bool): void {
    let group = entry.address.isIpv4 ? abi.RTMGRP_IPV4_IFADDR : abi.RTMGRP_IPV6_IFADDR;
    if (!hasMembers(group)) return;
    message.begin(0, 0);
    route.putAddress(message, on, entry, isGone ? abi.RTM_DELADDR : abi.RTM_NEWADDR, 0);
    announce(message, group);
  }

  routeChanged(changed: Route, isGone: bool): void {
    let group = changed.isIpv4 ? abi.RTMGRP_IPV4_ROUTE : abi.RTMGRP_IPV6_ROUTE;
    if (!hasMembers(group)) return;
    message.begin(0, 0);
    route.putRoute(message, changed, isGone ? abi.RTM_DELROUTE : abi.RTM_NEWROUTE, 0);
    announce(message, group);
  }
}

/** Tell members of groups what changes from now on. */
export function startAnnouncements(): void {
  setChangeObserver(new Announcer());
}
