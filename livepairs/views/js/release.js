// The user panned or zoomed: the axis is theirs until they ask to follow again.
if (axis.tags[0] === "follow") axis.tags = ["free", ...axis.tags.slice(1)]
