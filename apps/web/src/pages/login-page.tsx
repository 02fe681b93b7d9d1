import { isFabricError } from "@arc-fabric/contract";
import { useState, type FormEvent } from "react";
import { logIn } from "../api/log-in.ts";
import { useTitle } from "../hooks/use-title.ts";
import { Button } from "../ui/button.tsx";

/** In the place of every page when the server wants a token. */
export function LoginPage() {
  useTitle("Log in");
  const [token, setToken] = useState("");
  const [message, setMessage] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setMessage(null);
    try {
      await logIn(token.trim());
    } catch (error) {
      setMessage(isFabricError(error) ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <form onSubmit={onSubmit} className="card w-full max-w-sm p-7 shadow-card">
        <img src="/icon.svg" alt="" className="size-11" />
        <h1 className="mt-4 text-xl font-semibold tracking-tight">Log in to Arc Fabric</h1>
        <p className="mt-1 text-sm text-muted">
          This server asks for its access token, the one in ARC_TOKEN.
        </p>
        <label htmlFor="token" className="label mt-6 mb-1.5 block">
          Token
        </label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          autoFocus
          required
          value={token}
          aria-invalid={message !== null || undefined}
          aria-describedby="token-error"
          onChange={(event) => setToken(event.target.value)}
          className="field h-11 w-full px-3.5"
        />
        <p id="token-error" role="alert" className="mt-1.5 min-h-5 text-sm text-danger-text">
          {message}
        </p>
        <Button
          type="submit"
          look="primary"
          size="large"
          icon="key"
          busy={busy}
          className="mt-3 w-full"
        >
          Log in
        </Button>
      </form>
    </main>
  );
}
