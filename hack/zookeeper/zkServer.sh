#!/bin/sh
# zkServer.sh start-foreground CONFIG: what Apache's image has under this name, for Debian's jars. hack/deps puts it beside the
# programs that it brings, so that the same manifest runs here and on a cluster.
#
# JVMFLAGS goes to the virtual machine, word by word. Its logs go to standard error; ZOO_LOG_LEVEL (warn) says how much.
set -eu
[ "${1:-}" = start-foreground ] && [ $# -eq 2 ] || { echo "usage: zkServer.sh start-foreground CONFIG" >&2; exit 2; }

bin="$(cd "$(dirname "$0")" && pwd)"
jars="$bin/../share/java"
if [ -n "${JAVA_HOME:-}" ]; then
    java="$JAVA_HOME/bin/java"
else
    java="$(command -v java)" || for java in "$bin"/../lib/jvm/*/bin/java; do [ -x "$java" ] && break; done
fi
[ -x "$java" ] || { echo "zkServer.sh: no java on the PATH, in JAVA_HOME or below $bin/../lib/jvm; run hack/deps zookeeper" >&2; exit 1; }

path="$jars/zookeeper.jar"
for jar in zookeeper-jute slf4j-api slf4j-simple commons-cli commons-io jackson-annotations jackson-core jackson-databind \
    jetty9-http jetty9-io jetty9-security jetty9-server jetty9-servlet jetty9-util servlet-api metrics-core snappy-java \
    netty-buffer netty-codec netty-common netty-handler netty-resolver netty-transport netty-transport-native-epoll \
    netty-transport-native-unix-common findbugs-annotations; do
    path="$path:$jars/$jar.jar"
done
# shellcheck disable=SC2086
exec "$java" ${JVMFLAGS:-} "-Dorg.slf4j.simpleLogger.defaultLogLevel=${ZOO_LOG_LEVEL:-warn}" \
    -cp "$path" org.apache.zookeeper.server.quorum.QuorumPeerMain "$2"
