/*
 * build: static -O1
 * Prints what rtnetlink announces about links and addresses, a line each, until standard input ends: "link eth0 up",
 * "address eth0 10.0.2.15", "no address eth0 …". Begins with "watching".
 */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *name_of(int index) {
  static char name[IF_NAMESIZE];
  return if_indextoname(index, name) ? name : "?";
}

static void print_link(struct nlmsghdr *head) {
  struct ifinfomsg *link = NLMSG_DATA(head);
  printf("link %s %s\n", name_of(link->ifi_index), link->ifi_flags & IFF_RUNNING ? "up" : "down");
}

static void print_address(struct nlmsghdr *head) {
  struct ifaddrmsg *address = NLMSG_DATA(head);
  int length = IFA_PAYLOAD(head);
  char text[INET6_ADDRSTRLEN] = "?";
  for (struct rtattr *at = IFA_RTA(address); RTA_OK(at, length); at = RTA_NEXT(at, length))
    if (at->rta_type == IFA_ADDRESS) inet_ntop(address->ifa_family, RTA_DATA(at), text, sizeof text);
  printf("%saddress %s %s\n", head->nlmsg_type == RTM_DELADDR ? "no " : "", name_of(address->ifa_index), text);
}

int main(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
  if (fd < 0 || bind(fd, (void *)&own, sizeof own) < 0) {
    perror("netlink");
    return 1;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("watching\n");
  static char bytes[16384];
  for (;;) {
    struct sockaddr_nl from = {0};
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (void *)&from, &size);
    if (n < 0) {
      perror("netlink");
      return 1;
    }
    if (from.nl_pid != 0 || from.nl_groups == 0) printf("from the wrong place: %u %x\n", from.nl_pid, from.nl_groups);
    for (struct nlmsghdr *head = (void *)bytes; NLMSG_OK(head, n); head = NLMSG_NEXT(head, n)) {
      if (head->nlmsg_type == RTM_NEWLINK) print_link(head);
      if (head->nlmsg_type == RTM_NEWADDR || head->nlmsg_type == RTM_DELADDR) print_address(head);
    }
  }
}
