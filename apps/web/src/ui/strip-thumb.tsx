import { useState } from "react";

/** The middle frame of a strip of frames that lie side by side. */
export function StripThumb({ src, aspect }: { src: string; aspect: number }) {
  const [count, setCount] = useState<number | null>(null);
  const middle = count === null ? 0 : Math.floor(count / 2);
  return (
    <img
      src={src}
      alt=""
      loading="lazy"
      fetchPriority="low"
      draggable={false}
      onLoad={({ currentTarget: image }) =>
        setCount(Math.max(1, Math.round(image.naturalWidth / (image.naturalHeight * aspect))))
      }
      className={`absolute top-0 h-full max-w-none transition-opacity duration-200 ${count === null ? "opacity-0" : "opacity-100"}`}
      style={{ width: `${(count ?? 1) * 100}%`, left: `${-middle * 100}%` }}
    />
  );
}
